"""Other outages than the one in the file: pure transformations of an experiment document and of its Compose project.

They know the grammar of experiment files, not the stack: what is shifted, left out or renamed comes in as arguments.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Document = dict[str, Any]
_TIME = re.compile(r"^(\d+(?:\.\d+)?)m$")
_MOMENT_KEYS = ("at", "until")


def minutes(text: str) -> float:
    """`118m` -> 118.0; these documents write moments of the incident in minutes."""
    found = _TIME.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a moment like 118m")
    return float(found[1])


def _shift(text: str, after: float, by: float) -> str:
    moment = minutes(text)
    return f"{moment + by:g}m" if moment >= after else text


def injections(document: Document) -> Iterator[tuple[Document, Document]]:
    """Every (phase, fault item) of the timeline."""
    for phase in document["timeline"]:
        for fault in phase.get("faults", ()):
            yield phase, fault


def injection(document: Document, name: str) -> Document:
    """The fault item with this id; KeyError if there is none."""
    for _, fault in injections(document):
        if fault.get("id") == name:
            return fault
    raise KeyError(name)


def longer(document: Document, phase: str, by: float) -> Document:
    """The phase `by` incident minutes longer, and everything from its end on shifted by as much, limits included."""
    changed = copy.deepcopy(document)
    end = next(minutes(item["until"]) for item in changed["timeline"] if item["phase"] == phase)
    for item in [*changed["timeline"], *(fault for _, fault in injections(changed))]:
        for key in _MOMENT_KEYS:
            if key in item:
                item[key] = _shift(item[key], end, by)
    for check in changed.get("signature", ()):
        if "recovered_at" in check:
            check["recovered_at"] = shifted_limit(check["recovered_at"], end, by)
    return changed


def shifted_limit(limit: str, after: float, by: float) -> str:
    """`404m..436m` or `< 300m` with every moment from `after` on shifted; a range moves as a whole by its middle."""
    if ".." in limit:
        low, high = (minutes(part) for part in limit.split(".."))
        move = by if (low + high) / 2 >= after else 0.0
        return f"{low + move:g}m..{high + move:g}m"
    return re.sub(r"\d+(?:\.\d+)?m", lambda found: _shift(found[0], after, by), limit)


def lifted_later(document: Document, name: str, until: str) -> Document:
    """One fault that ends later than it did; nothing else moves."""
    changed = copy.deepcopy(document)
    injection(changed, name)["until"] = until
    return changed


def without(document: Document, name: str) -> Document:
    """The same outage without one of its faults; checks that need it stay as they are."""
    changed = copy.deepcopy(document)
    injection(changed, name)  # KeyError for a name that is not there
    for item in changed["timeline"]:
        item["faults"] = [fault for fault in item.get("faults", ()) if fault.get("id") != name]
    return changed


def with_variable(document: Document, service: str, variable: str, value: str) -> Document:
    """The same outage on a stack with one variable changed."""
    changed = copy.deepcopy(document)
    changed["stack"].setdefault("environment", {}).setdefault(service, {})[variable] = value
    return changed


def checks_needing(document: Document, name: str) -> list[Document]:
    """Signature checks that name this injection."""
    return [check for check in document.get("signature", ()) if name in check.get("needs", ())]


def with_limit(document: Document, subject: str, metric: str, limit: str) -> Document:
    """The same outage with another limit on one metric of a flow or edge; KeyError if no check asks for it."""
    changed = copy.deepcopy(document)
    asked = [
        check
        for check in changed.get("signature", ())
        if metric in check and subject in map(check.get, ("flow", "edge"))
    ]
    if not asked:
        raise KeyError(f"{subject} {metric}")
    for check in asked:
        check[metric] = limit
    return changed


KEEP_LINES = r"^\s*(KIND|name|role|user|command|regionfall\.role):"
"""Lines of a Compose file that hold no name of a service, though a word of theirs may look like one."""
KEEP_KEYS = r"^\s*RELAY:"
"""Lines in which a word before `=` is part of a path, not the name of a service."""


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """`text` of a Compose file with every service and region renamed.

    Whole words only, not in paths (`/bus`), edge classes (`#bus`) and users (`bus@`), nor in lines that hold none.
    """
    words = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    pattern = rf"(?<![\w#.$-])(?<!(?<!/)/)({words})(?![\w@-])"
    everywhere, values = re.compile(pattern), re.compile(pattern + "(?!=)")

    def line_of(line: str) -> str:
        if re.match(KEEP_LINES, line):
            return line
        chosen = values if re.match(KEEP_KEYS, line) else everywhere
        return chosen.sub(lambda found: names[found[1]], line)

    return "\n".join(map(line_of, text.split("\n")))


def fresh_names(names: Iterable[str], draw: random.Random) -> dict[str, str]:
    """Another name for each: words that mean nothing, none of them twice."""
    found: dict[str, str] = {}
    for name in sorted(names):
        word = name
        while word in found.values() or word == name:
            word = "".join(draw.choice("bdfgklmnprstvz") + draw.choice("aeiou") for _ in range(3))
        found[name] = word
    return found


def names_of(project: Mapping[str, Any]) -> set[str]:
    """Services and regions of a Compose project."""
    services = project["services"]
    return {*services, *(service["labels"]["regionfall.region"] for service in services.values())}


def renamed(document: Document, names: Mapping[str, str]) -> Document:
    """The experiment against the renamed stack: targets, entries, variables, edges; flow names stay.

    In the path of a flow, names behind the first word are names of services as well (`/answer/shop`).
    """
    changed = copy.deepcopy(document)
    for flow, spec in changed["load"]["flows"].items():
        spec["service"] = names.get(spec.get("service", flow), spec.get("service", flow))
        for method in {"get", "post", "put"} & spec.keys():
            first, *rest = spec[method].removeprefix("/").split("/")
            spec[method] = "/" + "/".join([first, *(names.get(word, word) for word in rest)])
    environment = changed["stack"].get("environment", {})
    changed["stack"]["environment"] = {names.get(service, service): values for service, values in environment.items()}
    for _, fault in injections(changed):
        fault["on"] = _target(fault["on"], names)
    for check in changed.get("signature", ()):
        if "edge" in check:
            check["edge"] = _target(check["edge"], names)
    return changed


def _target(target: str, names: Mapping[str, str]) -> str:
    if target.startswith(("tag:", "role:")):
        return target
    return re.sub(r"[\w-]+?(?=->|:|,|$)|(?<=->)[\w-]+", lambda found: names.get(found[0], found[0]), target)
