"""The rendered project as YAML text that Compose reads back to exactly these values.

Every string value is double-quoted and its `$` doubled, so nothing is guessed (`yes`, `0644`, dates) or interpolated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def to_yaml(document: Mapping[str, Any], header: str) -> str:
    """Block-style YAML of plain mappings, lists and scalars, with a comment line on top."""
    return f"# {header}\n" + "\n".join(_mapping(document, "")) + "\n"


def _mapping(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        label = f"{indent}{_key(str(key))}:"
        if isinstance(value, Mapping) and value:
            yield label
            yield from _mapping(value, indent + "  ")
        elif isinstance(value, (list, tuple)) and value:
            yield label
            yield from _items(value, indent + "  ")
        else:
            yield f"{label} {_scalar(value)}"


def _items(items: list[Any] | tuple[Any, ...], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, indent + "  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        elif isinstance(item, (list, tuple)) and item:
            yield f"{indent}-"
            yield from _items(item, indent + "  ")
        else:
            yield f"{indent}- {_scalar(item)}"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS else _quoted(key)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value.replace("$", "$$"))
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    return json.dumps(value)


def _quoted(text: str) -> str:
    """A JSON string is a YAML double-quoted scalar, but for the characters that YAML calls unprintable."""
    return "".join(_escaped(character) for character in json.dumps(text, ensure_ascii=False))


def _escaped(character: str) -> str:
    code = ord(character)
    if code in (0x7F, 0x2028, 0x2029, 0xFEFF) or 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000:
        return f"\\u{code:04x}"
    return character
