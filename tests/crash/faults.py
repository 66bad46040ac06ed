"""The faults that runs hold, out of the catalogue: each entry's own example, put on a target of the suite's guest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import ActsOn, FaultType, Reach
from harness.model.errors import InvalidFile
from harness.model.plan import Plan

HOLD_S, PHASE = 6, "broken"
"""Containers take up to 4 s to be harmed, and every kill comes while all faults hold."""
TARGETS = ("web->orders", "west", "stock", "orders", "web->stock", "east", "east->west", "east | west")
"""What of the guest an example may be put on; the first that the plan accepts is taken."""

DATAGRAMS, UDP_EDGE = "datagrams", "web->stock:5300/udp"
"""Cuts of UDP calls are a class of their own: nothing of what holds them is shared with TCP's."""
_ON_DATAGRAMS = f" on {DATAGRAMS}"

PlanOf = Callable[[str], Plan]
"""Text of an experiment -> its plan; InvalidFile when the guest cannot have it."""


def family_of(entry: FaultType) -> str:
    """The class of a fault: its family in the catalogue; what takes whole regions apart is a class of its own."""
    whole = entry.acts_on is ActsOn.EDGES and entry.reach is not Reach.INTO
    return "region" if whole else str(entry.family)


def families() -> dict[str, list[str]]:
    """Class -> its faults, as the catalogue has them now."""
    found: dict[str, list[str]] = {}
    for entry in CATALOGUE.values():
        found.setdefault(family_of(entry), []).append(str(entry.kind))
    found[DATAGRAMS] = [f"{kind}{_ON_DATAGRAMS}" for kind in ("hang", "refuse")]
    return found


def example_of(kind: str) -> dict[str, Any]:
    """The example of the catalogue as an item of a `faults:` list."""
    entry = next(entry for entry in CATALOGUE.values() if str(entry.kind) == kind)
    item: dict[str, Any] = YAML(typ="safe", pure=True).load(entry.example)
    return item


def item_for(kind: str, plan_of: PlanOf, compose: Path) -> dict[str, Any]:
    """The example on the first target of the guest that it may have; the last refusal when there is none."""
    if kind.endswith(_ON_DATAGRAMS):
        return {"on": UDP_EDGE, kind.removesuffix(_ON_DATAGRAMS): True}
    example = example_of(kind)
    edge = "->" in str(example["on"])
    for on in sorted(TARGETS, key=lambda target: ("->" in target) is not edge):
        item = {**example, "on": on}
        try:
            plan_of(experiment("probe", compose, [item]))
        except InvalidFile as error:
            refused = error
        else:
            return item
    raise refused


def words_of(item: dict[str, Any]) -> list[str]:
    """The same fault as `fault add` takes it: target, then `slow latency=300ms`, options last."""
    rest = {key: value for key, value in item.items() if key not in ("on", "share")}
    share = ["--share", str(item["share"])] if "share" in item else []
    ((kind, value),) = rest.items()
    if kind == "how":
        how = [str(value)]
    elif isinstance(value, dict):
        how = [kind, *(f"{name}={setting}" for name, setting in value.items())]
    else:
        how = [kind] if value is True else [kind, str(value)]
    return [str(item["on"]), *how, *share]


def experiment(name: str, compose: Path, items: Iterable[dict[str, Any]]) -> str:
    """An experiment that holds these faults for a few seconds; JSON is YAML."""
    named = [{"id": f"it-{place}", **item} for place, item in enumerate(items)]
    document = {
        "version": 1,
        "name": name,
        "stack": {"compose": [str(compose)]},
        "load": {
            "rate": "20/s",
            "arrivals": "even",
            "deadline": "1s",
            "warmup": "300ms",
            "flows": {"shop": {"service": "web", "get": "/"}},
        },
        "steady": {"for": "5s"},
        "timeline": [{"phase": PHASE, "at": "0s", "for": f"{HOLD_S}s", "faults": named}],
        "expect": {"shop": {"availability": ">= 50%", "phases": [PHASE]}},
    }
    return json.dumps(document, indent=1)
