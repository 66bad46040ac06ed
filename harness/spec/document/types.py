"""Small types of the schema: each reads what people write and describes itself in the JSON Schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    Strict,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from harness.spec.clock import parse_compression
from harness.spec.durations import parse_byte_rate, parse_bytes, parse_duration, parse_rate, parse_share, shown


class Part(BaseModel):
    """A mapping of the file: unknown keys are errors, keys that begin with `x-` are for people and ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"patternProperties": {"^x-": {}}})

    @model_validator(mode="before")
    @classmethod
    def _without_x_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if not str(key).startswith("x-")}
        return data


Doc = TypeVar("Doc", bound=Part)


def empty(part: type[Doc]) -> Doc:
    """A part of the file that nobody wrote: everything at its default."""
    return part.model_validate({})


@dataclass(frozen=True, eq=False)
class OrShort:
    """A mapping or list that may be written in a shorter form; `expand` turns the short form into the long one."""

    expand: Callable[[Any], Any]
    short: tuple[tuple[str, Any], ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Expand, then validate the long form."""
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Either form; without a description of the short one it is one item of the list."""
        inner = handler(core)
        return {"anyOf": [dict(self.short) if self.short else inner["items"], inner]}


def short(expand: Callable[[Any], Any], **schema: Any) -> OrShort:
    """Annotation for a value with a short form, described by JSON Schema keywords."""
    return OrShort(expand, tuple(schema.items()))


_DURATION = r"^\s*(\d+(\.\d+)?\s*(ms|s|m|h)\s*)+$"


def _text_schema(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Duration = Annotated[float, BeforeValidator(parse_duration), _text_schema(_DURATION, "300ms", "30s", "2m", "1h 30m")]
"""Seconds, written with units."""

Rate = Annotated[
    float, BeforeValidator(parse_rate), _text_schema(r"^\s*\d+(\.\d+)?\s*/\s*(s|m|h)\s*$", "120/s", "90/m")
]
"""Per second."""

ByteRate = Annotated[
    float, BeforeValidator(parse_byte_rate), _text_schema(r"^\s*\d+(\.\d+)?\s*[KkMG]?B/s\s*$", "20KB/s", "1MB/s")
]
"""Kilobytes per second."""

Bytes = Annotated[
    float, BeforeValidator(parse_bytes), _text_schema(r"^\s*\d+(\.\d+)?\s*[KkMG]?B\s*$", "500B", "20KB", "1MB")
]
"""Bytes."""

Compression = Annotated[
    float, BeforeValidator(parse_compression), _text_schema(r"^\s*\d+(\.\d+)?\s*x\s*$", "240x", "60x", "1x")
]
"""Incident seconds per second of wall time."""

Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*%\s*$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ],
            "examples": ["30%", 0.3],
        }
    ),
]
"""0–1."""

Int = Annotated[int, Strict()]
"""A whole number, never a text or true."""

Number = Annotated[float, Strict()]
"""A number, never a text."""

Flag = Annotated[bool, Strict()]
"""true or false."""


def _true(value: Any) -> Any:
    if value is not True:
        raise ValueError(f"{shown(value)} is not true; write true, or remove the key")
    return value


Yes = Annotated[Literal[True], BeforeValidator(_true)]
"""true and nothing else: the key says it all."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


def _name(value: Any) -> str:
    """A plain name of at most 80 characters."""
    text = value if isinstance(value, str) else ""
    legal = text[:1].isalnum() and all(c.isalnum() or c in "_.-" for c in text) and text.isascii()
    if not legal or len(text) > 80:
        raise ValueError(f"{shown(value)} is not a name; use letters, digits, '-', '_' and '.', at most 80 of them")
    return text


Name = Annotated[
    str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN, "maxLength": 80})
]
"""A name that other parts of the file refer to."""


def _scalar_text(value: Any) -> str:
    """A variable's value as its text: true, 8080 and '8080' are all texts in an environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"{shown(value)} is not a text; put it in quotes")


ScalarText = Annotated[str, PlainValidator(_scalar_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]
"""Text of any scalar."""


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, (str, int, float, bool)):
        return value
    raise ValueError(f"{shown(value)} is not a text, a number, true or false")


Scalar = Annotated[
    str | int | float | bool, PlainValidator(_plain), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
"""Any scalar, as it stands."""


def listed(value: Any) -> Any:
    """One item where a list may stand -> a list of one."""
    return value if isinstance(value, list) or value is None else [value]


Names = Annotated[tuple[Name, ...], short(listed)]
"""One name or a list of names."""

Texts = Annotated[tuple[str, ...], short(listed)]
"""One text or a list of texts."""
