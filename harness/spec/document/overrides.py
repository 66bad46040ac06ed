"""`--set KEY.PATH=VALUE`: parts of the document replaced before it is checked.

A key path follows the file: `load.rate=60/s`, `stack.environment.web.TTL=5s`, `timeline.gone.for=45s` (a list item by
the name of its phase, id or point), `timeline.0.for=45s`. A key with a dot in it is found if the file has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.model.errors import InvalidFile
from harness.spec.document.places import Path, Problems
from harness.spec.document.yaml import read_document
from harness.spec.durations import shown
from harness.spec.schema import is_list, known_keys, nodes_at, open_keys
from harness.spec.suggest import did_you_mean

_ITEM_NAMES = ("phase", "id", "point")


def apply_overrides(data: Any, overrides: Sequence[str], problems: Problems) -> None:
    """Change `data` in place. Every wrong override is a problem that stands at `--set KEY`."""
    for override in overrides:
        key, equals, text = override.partition("=")
        option = f"--set {key.strip()}"
        try:
            if not equals or not key.strip():
                raise ValueError(f"{shown(override)} is not KEY=VALUE; write --set load.rate=60/s")
            path = _resolve(data, key.strip())
            value = _value(text)
        except ValueError as error:
            problems.places.origins[("--set", key)] = option
            problems.report(("--set", key), str(error))
            continue
        _put(data, path, value)
        problems.places.origins[path] = option
        for known in [p for p in problems.broken if p[: len(path)] == path]:
            problems.broken.discard(known)


def _value(text: str) -> object:
    if not text.strip():
        raise ValueError("there is no value after =; write --set KEY=VALUE")
    try:
        return read_document(text.encode(), "--set").data
    except InvalidFile as error:
        raise ValueError(f"{shown(text)}: {error.problems[0].message}") from None


def _resolve(data: Any, dotted: str) -> Path:
    """The path that a dotted key means, checked against the schema. ValueError with did-you-mean."""
    node: Any = data
    path: Path = ()
    parts = dotted.split(".")
    while parts:
        part, used = _next(node, path, parts)
        path, parts = (*path, part), parts[used:]
        node = _child(node, part)
        if parts and node is not None and not isinstance(node, (dict, list)):
            raise ValueError(f"{'.'.join(map(str, path))} is {shown(node)}, it has no parts; set it as a whole")
    return path


def _next(node: Any, path: Path, parts: list[str]) -> tuple[str | int, int]:
    """The next key or list position, and how many dotted parts it takes (keys of the file may contain dots)."""
    if isinstance(node, list) or (node is None and is_list(path) and not known_keys(path)):
        return _item(node or [], path, parts[0]), 1
    for used in range(len(parts), 0, -1):
        joined = ".".join(parts[:used])
        if isinstance(node, dict) and joined in node:
            return joined, used
    known = known_keys(path)
    if parts[0] in known or parts[0].startswith("x-"):
        return parts[0], 1
    if open_keys(path):
        return _open_key(path, parts)
    where = f" in {'.'.join(map(str, path))}" if path else ""
    known_now = known or (list(node) if isinstance(node, dict) else [])
    raise ValueError(f"unknown key {parts[0]!r}{where}; {did_you_mean(parts[0], known_now)}")


def _open_key(path: Path, parts: list[str]) -> tuple[str, int]:
    """A new key of a mapping by name: the rest of the path must still make sense below it."""
    for used in range(1, len(parts) + 1):
        rest = parts[used:]
        below = (*path, ".".join(parts[:used]))
        if not rest or rest[0] in known_keys(below) or (open_keys(below) and nodes_at(below)):
            return ".".join(parts[:used]), used
    below = (*path, parts[0])
    raise ValueError(
        f"unknown key {parts[1]!r} in {'.'.join(map(str, below))}; {did_you_mean(parts[1], known_keys(below))}"
    )


def _item(items: list[Any], path: Path, word: str) -> int:
    if word.isdecimal() and len(word) < 6 and int(word) < len(items):
        return int(word)
    named = dict(_names(items))
    if word in named:
        return named[word]
    raise ValueError(f"no item {word!r} in {'.'.join(map(str, path))}; {did_you_mean(word, named)}")


def _names(items: list[Any]) -> Iterator[tuple[str, int]]:
    for index, item in enumerate(items):
        for key in _ITEM_NAMES if isinstance(item, dict) else ():
            if key in item:
                yield str(item[key]), index


def _child(node: Any, part: str | int) -> Any:
    if isinstance(node, dict):
        return node.get(str(part))
    return node[int(part)] if isinstance(node, list) else None


def _put(data: Any, path: Path, value: object) -> None:
    node: Any = data
    for part in path[:-1]:
        if isinstance(node, list):
            node = node[int(part)]
        else:
            if node.get(str(part)) is None:
                node[str(part)] = {}
            node = node[str(part)]
    if isinstance(node, list):
        node[int(path[-1])] = value
    else:
        node[str(path[-1])] = value
