"""Plain values -> ExperimentDoc, with every mistake at its place.

What is wrong is taken out and the rest is checked again, so that one typing error does not hide the mistakes that
only binding to the stack can find.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import FaultType
from harness.spec.document.places import Path, Problems
from harness.spec.document.root import ExperimentDoc, document_of
from harness.spec.document.symptoms import written_short
from harness.spec.durations import shown
from harness.spec.schema import OURS, Types, known_keys, nodes_at
from harness.spec.suggest import did_you_mean

_ELSEWHERE = {
    "unreachable": "use hang (no answer) or refuse (refused at once)",
    "names": "use unresolved (no address), late-name (late) or dead-address (a wrong one)",
}
NOT_HANDLED = {word: why for word, why in _ELSEWHERE.items() if word not in CATALOGUE}
"""Symptoms that people look for and that this version refuses by name."""

HANDLED = "`regionfall explain faults` lists what is handled"

_ROUNDS = 60
_MOST_MISTAKES = 200
"""With more of them a file is listed, but no longer taken apart and bound to the stack."""

_WANTED = {
    "string_type": "a text; put it in quotes",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "list_type": "a list",
    "tuple_type": "a list",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def check(data: object, problems: Problems, types: Iterable[FaultType] = OURS) -> ExperimentDoc | None:
    """The document, or None if too little of it is left to go on. Problems are added at their places."""
    if not isinstance(data, dict):
        problems.report((), f"{shown(data)} is not an experiment; start with: version: 1")
        return None
    types, rest = tuple(types), copy.deepcopy(data)
    _refuse_empty(rest, (), problems)
    for turn in range(_ROUNDS):
        try:
            return document_of(types).model_validate(rest)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=True)
        if turn == 0:
            _report(details, problems, types)
        if len(details) > _MOST_MISTAKES:
            return None
        _take_out(rest, details, problems)
        rest.setdefault("version", 1)
    return None


def _refuse_empty(node: Any, path: Path, problems: Problems) -> None:
    """A key without a value is a mistake, wherever it stands; what is sent as JSON may hold null."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            _refuse_empty(item, (*path, index), problems)
        return
    for key, value in list(node.items()) if isinstance(node, dict) else ():
        inside = (*path, key)
        if key.startswith("x-") or inside[:2] + inside[3:] == ("load", "flows", "json"):
            continue
        if value is None:
            problems.report(inside, f"{key!r} is empty; give it a value, or remove the key", key=True)
            problems.broken.add(inside)
            del node[key]
        _refuse_empty(value, inside, problems)


def _path(detail: ErrorDetails) -> Path:
    """Where the mistake is, without pydantic's marks for dictionary keys."""
    return tuple(part for part in detail["loc"] if part != "[key]")


def _report(details: list[ErrorDetails], problems: Problems, types: Types) -> None:
    unknown = [_path(d) for d in details if d["type"] == "extra_forbidden"]
    for detail in details:
        path = _path(detail)
        if detail["type"] == "missing":
            near = [p for p in unknown if p[:-1] == path[:-1] and _meant(p, types) == path[-1]]
            if not near:
                problems.report(path[:-1], _missing(path, types))
        elif detail["type"] == "extra_forbidden":
            problems.report(path, _unknown_key(path, types), key=True)
        else:
            at_key = "[key]" in detail["loc"] or detail["input"] is None
            problems.report(path, _wrong(detail, path), key=at_key)


def _meant(path: Path, types: Types) -> str | None:
    """The known key that an unknown one most likely stands for."""
    words = did_you_mean(str(path[-1]), known_keys(path[:-1], types))
    return words.split("'")[1] if words.startswith("did you mean") else None


def _unknown_key(path: Path, types: Types) -> str:
    key = str(path[-1])
    if key in NOT_HANDLED and path[0] in ("timeline", "how"):
        return f"the symptom {key!r} is not handled: {NOT_HANDLED[key]}; {HANDLED}"
    return f"unknown key {key!r}; {did_you_mean(key, known_keys(path[:-1], types))}"


def _missing(path: Path, types: Types) -> str:
    described = [str(node["description"]) for node in _raw_nodes(path, types) if "description" in node]
    what = f" ({described[0].rstrip('.')})" if described else ""
    return f"the key {str(path[-1])!r} is missing{what}"


def _raw_nodes(path: Path, types: Types) -> list[dict[str, Any]]:
    nodes = nodes_at(path[:-1], types)
    return [node["properties"][path[-1]] for node in nodes if str(path[-1]) in node.get("properties", {})]


def _wrong(detail: ErrorDetails, path: Path) -> str:
    kind, value = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if value is None:
        return f"{str(path[-1]) if path else 'the file'!r} is empty; give it a value, or remove the key"
    if kind == "value_error":
        return str(context["error"])
    if kind == "literal_error":
        return _not_one_of(path, value, str(context["expected"]))
    if kind in _WANTED:
        return f"{shown(value)} is not {_WANTED[kind]}"
    bounds = {"greater_than": "more than {gt}", "greater_than_equal": "at least {ge}"}
    bounds |= {"less_than": "less than {lt}", "less_than_equal": "at most {le}"}
    if kind in bounds:
        return f"{shown(value)} is out of bounds; it must be {bounds[kind].format(**context)}"
    return f"{shown(value)}: {detail['msg']}"


def _not_one_of(path: Path, value: object, expected: str) -> str:
    names = [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]
    if path[-1] == "how" and str(value) in NOT_HANDLED:
        return f"the symptom {str(value)!r} is not handled: {NOT_HANDLED[str(value)]}; {HANDLED}"
    if path[-1] == "how" and str(value) in CATALOGUE:
        return f"{value} needs a value; write {written_short(CATALOGUE[str(value)])}"
    return f"{shown(value)} is not known here; {did_you_mean(str(value), names)}"


def _take_out(rest: dict[str, Any], details: list[ErrorDetails], problems: Problems) -> None:
    """Remove all that is wrong from `rest` and remember it as broken. Later list items move up, with their places."""
    targets = {_existing(rest, _path(d)[:-1] if d["type"] == "missing" else _path(d)) for d in details}
    for path in sorted(targets, key=_last_items_first, reverse=True):
        if not path:
            continue
        holder: Any = rest
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder, list):
            del holder[int(path[-1])]
            problems.broken.add((*path[:-1], "removed"))
            problems.places.close_gap(path[:-1], int(path[-1]))
        else:
            holder.pop(str(path[-1]), None)
            problems.broken.add(path)


def _last_items_first(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort key: deeper parts and later list items go first when reversed, so that no removal moves another's target."""
    return tuple((1, part, "") if isinstance(part, int) else (0, 0, part) for part in path)


def _existing(rest: Any, path: Path) -> Path:
    """`path` as it is written: without positions in lists that are written as their one item, and cut where it ends."""
    node, walked = rest, ()  # type: Any, Path
    for part in path:
        if isinstance(node, dict):
            there = part in node
        else:
            there = isinstance(node, list) and isinstance(part, int) and part < len(node)
        if there:
            node, walked = node[part], (*walked, part)
        elif part != 0 or isinstance(node, list):
            break
    return walked
