"""The JSON Schema (draft-07) of an experiment file, and walking it: which keys may stand where."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import FaultType
from harness.spec.document.places import Path
from harness.spec.document.root import document_of
from harness.spec.document.types import NAME_PATTERN

FILE = "experiment-v1.schema.json"
"""Name of the schema file in `harness/spec`; a unit test keeps it equal to `json_schema()`."""

Node = dict[str, Any]


Types = tuple[FaultType, ...]
"""Faults that a file may name."""

OURS: Types = tuple(CATALOGUE.values())


@cache
def _schema(types: Types = OURS) -> Node:
    raw = document_of(types).model_json_schema(ref_template="#/definitions/{model}")
    definitions = raw.pop("$defs")
    plain = {name: _without_titles(node) for name, node in sorted(definitions.items())}
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "regionfall experiment, version 1"}
    return head | {k: v for k, v in _without_titles(raw).items() if k != "title"} | {"definitions": plain}


def _without_titles(node: Any) -> Any:
    """Pydantic repeats every field's name as a title; a schema for people says it once."""
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if not isinstance(node, dict):
        return node
    cleaned = {k: v for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    if cleaned.get("default", "") is None:
        del cleaned["default"]
    if {"type": "null"} in cleaned.get("anyOf", []):
        return _without_null(cleaned)
    if NAME_PATTERN in cleaned.get("patternProperties", {}):
        cleaned["additionalProperties"] = False
    return {
        key: {name: _without_titles(part) for name, part in value.items()}
        if key == "properties"
        else _without_titles(value)
        for key, value in cleaned.items()
    }


def _without_null(node: Node) -> Node:
    """A key that may be left out is not a key that may be empty."""
    branches = [branch for branch in node["anyOf"] if branch != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    if len(branches) > 1:
        return {"anyOf": _without_titles(branches), **rest}
    only: Node = _without_titles(branches[0])
    return {"allOf": [only], **rest} if "$ref" in only else {**only, **rest}


def json_schema() -> Node:
    """A fresh copy of the schema: descriptions, defaults and examples included."""
    copy: Node = json.loads(json.dumps(_schema()))
    return copy


def schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"


def packed_schema_text() -> str:
    """The schema file that this package carries."""
    return resources.files("harness.spec").joinpath(FILE).read_text(encoding="utf-8")


def nodes_at(path: Path, types: Types = OURS) -> list[Node]:
    """Every schema node that may describe the value at `path`; empty if nothing may stand there."""
    nodes = _spread([_schema(types)], types)
    for part in path:
        nodes = _spread((child for node in nodes for child in _children(node, part)), types)
    return nodes


def known_keys(path: Path, types: Types = OURS) -> list[str]:
    """Keys that a mapping at `path` may have; empty where any key may stand, or none."""
    names: dict[str, None] = {}
    for node in nodes_at(path, types):
        names |= dict.fromkeys(node.get("properties", {}))
    return list(names)


def open_keys(path: Path) -> bool:
    """Whether a mapping at `path` may have keys that the schema does not name."""
    return any(_of_any_name(node) is not None or not node for node in nodes_at(path))


def is_list(path: Path) -> bool:
    """Whether a list may stand at `path`."""
    return any("items" in node for node in nodes_at(path))


def _spread(nodes: Iterable[Node], types: Types) -> list[Node]:
    """Follows references, and takes every branch of an anyOf."""
    found: list[Node] = []
    for node in nodes:
        if "$ref" in node:
            name = str(node["$ref"]).rsplit("/", 1)[-1]
            found += _spread([_schema(types)["definitions"][name]], types)
        elif "anyOf" in node or "allOf" in node:
            found += _spread([*node.get("anyOf", []), *node.get("allOf", [])], types)
        else:
            found.append(node)
    return found


def _children(node: Node, part: str | int) -> list[Node]:
    if node == {} or set(node) <= {"description", "default", "examples"}:
        return [{}]
    if isinstance(part, int):
        items = node.get("items")
        return [items] if isinstance(items, dict) else []
    if part in node.get("properties", {}):
        return [node["properties"][part]]
    other = _of_any_name(node)
    return [other] if other is not None else []


def _of_any_name(node: Node) -> Node | None:
    """What values a mapping by name has, None for a mapping with fixed keys."""
    other = node.get("patternProperties", {}).get(NAME_PATTERN, node.get("additionalProperties"))
    return other if isinstance(other, dict) else None


if __name__ == "__main__":  # python -m harness.spec.schema > harness/spec/experiment-v1.schema.json
    print(schema_text(), end="")
