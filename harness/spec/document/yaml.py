"""Bytes -> plain values with places. Hostile or broken YAML gives a problem with its place, never a traceback.

The node graph is read instead of ruamel's objects: it knows where every scalar stands, and aliases can be counted
before they are expanded.
"""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.model.errors import InvalidFile, Problem
from harness.spec.document.places import Path, Places

MOST_BYTES = 128 * 1024
MOST_VALUES = 20_000
DEEPEST = 40

_MOST_PROBLEMS = 100
"""A file with more of them at this level is not an experiment with mistakes."""

_TAG = "tag:yaml.org,2002:"
_BRACKETS = re.compile(r"[\[\]{}]")
_MOST_BRACKETS = 2 * DEEPEST
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Document:
    """Plain dicts, lists, texts, numbers, booleans and None, and where each of them stands."""

    data: object
    places: Places


def read_document(raw: bytes, file: str) -> Document:
    """The one YAML document in `raw`. InvalidFile when it is not readable; duplicate keys are all listed."""
    text = _text(raw, file)
    root = _compose(text, file)
    if root is None:
        raise InvalidFile([Problem(file, 1, 1, "the file is empty; start with: version: 1")])
    builder = _Builder(Places(file))
    data = builder.value(root, ())
    if builder.problems:
        raise InvalidFile(builder.problems)
    return Document(data, builder.places)


def _text(raw: bytes, file: str) -> str:
    if len(raw) > MOST_BYTES:
        size = f"{len(raw) // 1024} KiB is too large for an experiment (at most {MOST_BYTES // 1024} KiB)"
        raise InvalidFile([Problem(file, 1, 1, size)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        message = f"not UTF-8 text: byte 0x{raw[error.start]:02x}; save the file as UTF-8"
        raise InvalidFile([Problem(file, line, column, message)]) from None


def _refuse_depth(text: str, file: str) -> None:
    """Brackets are counted before YAML is read: its scanner takes minutes for thousands of open ones."""
    depth, deepest_at = 0, -1
    for match in _BRACKETS.finditer(text):
        depth += 1 if match[0] in "[{" else -1
        if depth > _MOST_BRACKETS:
            deepest_at = match.start()
            break
        depth = max(depth, 0)
    if deepest_at >= 0:
        line, column = text.count("\n", 0, deepest_at) + 1, deepest_at - text.rfind("\n", 0, deepest_at)
        raise InvalidFile([Problem(file, line, column, f"nested too deeply (at most {DEEPEST} levels)")])


def _compose(text: str, file: str) -> Node | None:
    _refuse_depth(text, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            root: Node | None = YAML(typ="safe", pure=True).compose(text)
        return root
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise InvalidFile([Problem(file, line, column, f"not valid YAML: {_words(error)}")]) from None
    except RecursionError:
        raise InvalidFile([Problem(file, 1, 1, f"nested too deeply (at most {DEEPEST} levels)")]) from None
    except (YAMLError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError) as error:
        # ruamel lets plain exceptions of its own scanner through on some garbage.
        first = _first_unreadable(text)
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidFile([Problem(file, *first, f"not valid YAML: {reason}")]) from None


def _words(error: MarkedYAMLError) -> str:
    words = ", ".join(part.strip() for part in (error.context, error.problem) if part)
    if "'\\t'" in words:
        words += " (indent with spaces, not with a tab)"
    if "chomping or indentation" in words:
        words += ' (a text that begins with > or | needs quotes: ">= 99%")'
    return words


def _first_unreadable(text: str) -> tuple[int, int]:
    """Line and column of the first character that YAML does not allow, 1:1 if there is none."""
    match = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    if not match:
        return 1, 1
    before = text[: match.start()]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _shown_tag(node: Node) -> str:
    return str(node.tag).replace(_TAG, "!!")[:60]


class _Builder:
    """Node graph -> values and places; counts what aliases expand to, and refuses loops."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.problems: list[Problem] = []
        self.count = 0
        self.open: set[int] = set()

    def problem(self, node: Node, message: str) -> None:
        """A problem where `node` begins."""
        mark = node.start_mark
        self.problems.append(Problem(self.places.file, mark.line + 1, mark.column + 1, message))
        if len(self.problems) >= _MOST_PROBLEMS:
            raise InvalidFile(self.problems)

    def value(self, node: Node, path: Path) -> object:
        """The plain value of a node; None where it was refused."""
        self.places.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.count += 1
        if self.count > MOST_VALUES:
            if self.count == MOST_VALUES + 1:
                self.problem(node, f"more than {MOST_VALUES} values, aliases included; make the file smaller")
            return None
        if id(node) in self.open:
            self.problem(node, "an alias that contains itself; write the part out")
            return None
        if len(path) > DEEPEST:
            self.problem(node, f"nested too deeply (at most {DEEPEST} levels)")
            return None
        self.open.add(id(node))
        try:
            return self.inside(node, path)
        finally:
            self.open.discard(id(node))

    def inside(self, node: Node, path: Path) -> object:
        """The value by the kind of node."""
        tag = str(node.tag).removeprefix(_TAG)
        if isinstance(node, MappingNode) and tag == "map":
            return self.mapping(node, path)
        if isinstance(node, SequenceNode) and tag == "seq":
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self.scalar(node, tag)
        self.problem(node, f"the tag {_shown_tag(node)} is not used in experiments; remove it")
        return None

    def mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        """A mapping; its own keys win over merged ones, the same key twice is a problem."""
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if str(key_node.tag) == _TAG + "merge":
                self.merge(value_node, path, merged)
                continue
            if not isinstance(key_node, ScalarNode) or not str(key_node.value):
                self.problem(key_node, "a key must be a plain name")
                continue
            key = str(key_node.value)
            if key in own:
                self.problem(key_node, f"the key {key!r} is there twice; keep one")
                continue
            if _SURROGATE.search(key):
                self.problem(key_node, "a key with half of a character pair; write the character itself")
                continue
            self.places.keys[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            own[key] = self.value(value_node, (*path, key))
        return merged | own

    def merge(self, node: Node, path: Path, into: dict[str, object]) -> None:
        """`<<: *anchor`, or a list of them; earlier ones win."""
        for part in node.value if isinstance(node, SequenceNode) else [node]:
            if not isinstance(part, MappingNode):
                self.problem(part, "<< takes a mapping, or a list of mappings")
                continue
            value = self.value(part, path)
            if isinstance(value, dict):
                into.update({key: item for key, item in value.items() if key not in into})

    def scalar(self, node: ScalarNode, tag: str) -> object:
        """Text, number, boolean or None. Dates stay texts."""
        text = str(node.value)
        if _SURROGATE.search(text):
            self.problem(node, "a text with half of a character pair; write the character itself")
            return None
        if tag == "null":
            return None
        if tag == "bool":
            return text.casefold() in ("true", "yes", "on", "y")
        if tag in ("int", "float"):
            return self.number(node, text, tag)
        if tag in ("str", "timestamp"):
            return text
        self.problem(node, f"the tag {_shown_tag(node)} is not used in experiments; remove it")
        return None

    def number(self, node: ScalarNode, text: str, tag: str) -> object:
        """A finite number of a usable size."""
        plain = text.replace("_", "")
        try:
            value = int(plain, 0) if tag == "int" and re.match(r"[+-]?0[xob]", plain) else float(plain)
            if tag == "int" and isinstance(value, float) and abs(value) < 1e15:
                value = int(plain)
        except (ValueError, OverflowError):
            self.problem(node, f"{text[:40]!r} is not a number")
            return None
        if not math.isfinite(value) or abs(value) >= 1e15:
            self.problem(node, f"{text[:40]!r} is not a number that can be used here")
            return None
        return value
