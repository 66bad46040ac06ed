"""Where a key stands in the user's Compose files, so that every message can name line and column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from harness.model.errors import Problem


class Places:
    """Positions in the files that a project is read from. The last file that holds a key wins, as in Compose."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._trees = [(path, _tree(path)) for path in files]

    def problem(self, path: Sequence[str], message: str, *, fallback: Path | None = None) -> Problem:
        """A problem at the deepest part of `path` that any file holds; 1:1 of `fallback` (the first file) if none."""
        best: tuple[int, Path, int, int] = (0, fallback or self._files[0], 1, 1)
        for file, tree in self._trees:
            depth, line, column = _deepest(tree, path)
            if depth and depth >= best[0]:
                best = (depth, file, line, column)
        return Problem(str(best[1]), best[2], best[3], message)


def _tree(path: Path) -> Any:
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = True
    try:
        return yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError, ValueError, AttributeError):
        return None  # Compose could read it and we cannot place it: messages fall back to 1:1


def _deepest(tree: Any, path: Sequence[str]) -> tuple[int, int, int]:
    """How many parts of `path` were found, and where the last of them stands (1-based)."""
    depth, line, column, node = 0, 1, 1, tree
    for part in path:
        here = _position(node, part)
        if here is None:
            break
        depth, (line, column), node = depth + 1, here, _child(node, part)
    return depth, line, column


def _position(node: Any, part: str) -> tuple[int, int] | None:
    if isinstance(node, CommentedMap) and part in node:
        where = (node.lc.data or {}).get(part)
        return (where[0] + 1, where[1] + 1) if where else (node.lc.line + 1, node.lc.col + 1)
    if isinstance(node, CommentedSeq):
        index = _index(node, part)
        where = (node.lc.data or {}).get(index) if index is not None else None
        return (where[0] + 1, where[1] + 1) if where else None
    return None


def _child(node: Any, part: str) -> Any:
    return node.get(part) if isinstance(node, CommentedMap) else None


def _index(items: CommentedSeq, part: str) -> int | None:
    """The position of `part` in a list like `["regionfall.region=east", …]`."""
    for index, item in enumerate(items):
        text = str(item)
        if text == part or text.startswith((f"{part}=", f"{part}:")):
            return index
    return None
