"""The catalogue as keys of the file: each fault becomes one key, with its parameters, bounds and short forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from harness.faults.contract import FaultType
from harness.faults.parameters import Parameter, Unit, written
from harness.spec.document.types import (
    ByteRate,
    Bytes,
    Duration,
    Flag,
    Int,
    Name,
    Part,
    Scalar,
    Share,
    Yes,
    short,
)
from harness.spec.durations import parse_byte_rate, parse_bytes, parse_duration, parse_share, shown

_TYPES: Mapping[Unit, Any] = {
    Unit.DURATION: Duration,
    Unit.BYTE_RATE: ByteRate,
    Unit.BYTES: Bytes,
    Unit.SHARE: Share,
    Unit.COUNT: Int,
    Unit.TEXT: str,
    Unit.FLAG: Flag,
}
_PARSERS: Mapping[Unit, Callable[[object], float]] = {
    Unit.DURATION: parse_duration,
    Unit.BYTE_RATE: parse_byte_rate,
    Unit.BYTES: parse_bytes,
    Unit.SHARE: parse_share,
}
_SCALARS = {Unit.COUNT: "integer", Unit.FLAG: "boolean"}


class FlapDoc(Part):
    """The fault comes and goes with a period, beginning on. Wall time, never scaled."""

    on: Duration = Field(description="How long each time, at least 2 s.", examples=["4s"])
    off: Duration | None = Field(None, description="How long it stays away, at least 2 s. Default: as long as on.")


class RampDoc(Part):
    """The target is taken piece by piece, in an order that the seed draws. Wall time, never scaled."""

    over: Duration = Field(description="Until all edges are taken.", examples=["8s"])
    steps: Int = Field(4, description="Equal parts, 2 to 100.", ge=2, le=100)


class GrayDoc(Part):
    """Only a seeded part of the target is hit; `plan` says which."""

    edges: Share | None = Field(None, description="Of the edges of the target.", examples=["30%"])
    callers: Share | None = Field(None, description="Of the callers, each with all its edges. Instead of edges.")


def _scalar_as(name: str) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, dict) or value is None else {name: value}


_Flap = Annotated[FlapDoc, short(_scalar_as("on"), type="string", examples=["4s"])]
_Ramp = Annotated[RampDoc, short(_scalar_as("over"), type="string", examples=["8s"])]
_Gray = Annotated[GrayDoc, short(_scalar_as("edges"), anyOf=[{"type": "string"}, {"type": "number"}], examples=["30%"])]


class SymptomBase(Part):
    """What happens to the target: exactly one fault of the catalogue, and the share of new connections that it hits."""

    how: str | None = None
    share: Share | None = Field(None, description="Of new connections. Default: all, live ones too.", examples=["35%"])
    flap: _Flap | None = Field(None, description="It comes and goes; a duration alone: on and off for so long each.")
    ramp: _Ramp | None = Field(None, description="It takes its edges piece by piece; a duration alone: in 4 steps.")
    gray: _Gray | None = Field(None, description="Only a seeded part is hit; a share alone: of the edges.")

    def written(self, kinds: Iterable[str]) -> dict[str, Any]:
        """Kind -> what was written under its key, of those that were written; `how: KIND` counts as the bare kind."""
        found = {kind: value for kind in kinds if (value := getattr(self, field_of(kind), None)) is not None}
        return {"how": self.how} | found if self.how is not None else found


def field_of(kind: str) -> str:
    """The attribute that holds a kind; keys may have dashes."""
    return "kind_" + kind.replace("-", "_")


def symptom_fields(types: Iterable[FaultType]) -> dict[str, Any]:
    """Fields for `create_model`: `how`, and one key for each fault."""
    types = tuple(types)
    bare = tuple(type_.kind for type_ in types if type_.bare)
    how = (Literal[bare] | None, Field(None, description="A fault by its name alone."))
    return {"how": how} | {field_of(type_.kind): _key(type_) for type_ in types}


def bare_kinds(types: Iterable[FaultType]) -> list[str]:
    """Kinds whose name alone is enough."""
    return [type_.kind for type_ in types if type_.bare]


def written_short(type_: FaultType) -> str:
    """The shortest way to write a fault that needs a value: `{slow: 300ms}`."""
    if type_.free:
        return f"{{{type_.kind}: {{NAME: VALUE}}}}"
    if type_.bare:
        return f"{{{type_.kind}: true}}"
    needed = [f"{p.name}: {p.example}" for p in type_.parameters if p.required]
    if type_.short is not None and len(needed) == 1:
        return f"{{{type_.kind}: {type_.short.example}}}"
    return f"{{{type_.kind}: {{{', '.join(needed)}}}}}"


def parameters_of(type_: FaultType, value: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Parameters in base units with defaults filled in, and the names that were written."""
    if type_.free:
        return dict(value), frozenset(value)
    if isinstance(value, Part):
        return {p.name: getattr(value, _attribute(p)) for p in type_.parameters}, frozenset(_given(type_, value))
    return {p.name: (p.default, p.default) if p.climbs else p.default for p in type_.parameters}, frozenset()


def _given(type_: FaultType, value: Part) -> Iterable[str]:
    return (p.name for p in type_.parameters if _attribute(p) in value.model_fields_set)


def _attribute(parameter: Parameter) -> str:
    return "p_" + parameter.name.replace("-", "_")


def _key(type_: FaultType) -> tuple[Any, Any]:
    field = Field(None, alias=type_.kind, description=_sentence(type_.symptom), examples=_examples(type_) or None)
    if type_.free:
        return dict[Name, Scalar] | None, field
    if not type_.parameters:
        return Yes | None, field
    fields: dict[str, Any] = {_attribute(parameter): _field(parameter) for parameter in type_.parameters}
    name = f"{type_.kind.title().replace('-', '').replace('_', '')}Doc"
    doc: Any = create_model(name, __base__=Part, __doc__=_sentence(type_.symptom), **fields)
    forms = _short_forms(type_)
    if not forms:
        return doc | None, field
    form = forms[0] if len(forms) == 1 else {"anyOf": forms}
    return Annotated[doc, short(partial(_expanded, type_), **form)] | None, field


def _short_forms(type_: FaultType) -> list[dict[str, Any]]:
    """JSON Schema of what may stand instead of the mapping."""
    forms: list[dict[str, Any]] = []
    if type_.short is not None:
        forms.append({"type": _SCALARS.get(type_.short.unit, "string")})
    return [*forms, {"const": True}] if type_.bare else forms


def _expanded(type_: FaultType, value: Any) -> Any:
    if value is True and type_.bare:
        return {}
    if isinstance(value, bool) and (type_.short is None or type_.short.unit is not Unit.FLAG):
        hint = "true" if type_.bare else written_short(type_)
        raise ValueError(
            f"{shown(value)} is not {'true' if type_.bare else 'a value'}; write {hint}, or remove the key"
        )
    if isinstance(value, dict) or value is None or type_.short is None:
        return value
    return {type_.short.name: value}


def _field(parameter: Parameter) -> tuple[Any, Any]:
    extra: dict[str, Any] = {}
    kind: Any = _TYPES[parameter.unit]
    if parameter.climbs:
        kind = Annotated[tuple[float, float], short(partial(_climb, parameter), type="string")]
        extra["json_schema_extra"] = {"type": "string"}
    elif parameter.choices:
        kind = Literal[parameter.choices]
    elif parameter.unit is Unit.COUNT:
        extra |= {"ge": parameter.low, "le": parameter.high}
    elif parameter.low is not None or parameter.high is not None:
        kind = Annotated[kind, AfterValidator(partial(_inside, parameter))]
    if parameter.example:
        extra["examples"] = [_example(parameter)]
    words = f"{_sentence(parameter.meaning)}{f' From {parameter.bounds}.' if _numeric(parameter) else ''}"
    default = ... if parameter.required else parameter.default
    if default is None:
        kind = kind | None
    return kind, Field(default, alias=parameter.name, description=words, **extra)


def _numeric(parameter: Parameter) -> bool:
    return parameter.low is not None and parameter.high is not None


def _example(parameter: Parameter) -> Any:
    return int(parameter.example) if parameter.unit is Unit.COUNT else parameter.example


def _examples(type_: FaultType) -> list[Any]:
    if type_.short is not None and type_.short.example:
        return [_example(type_.short)]
    return [True] if type_.bare else []


def _climb(parameter: Parameter, value: Any) -> tuple[float, float]:
    """'20ms -> 400ms' -> (0.02, 0.4); '300ms' -> (0.3, 0.3)."""
    parse = _PARSERS[parameter.unit]
    if isinstance(value, str) and "->" in value:
        first, _, last = value.partition("->")
        pair = parse(first), parse(last)
    else:
        pair = (parse(value),) * 2
    for end in pair:
        _inside(parameter, end)
    return pair


def _inside(parameter: Parameter, value: float | None) -> float | None:
    if value is not None and parameter.outside(value):
        text = f"{written(parameter.unit, value)} is out of bounds for {parameter.name}"
        raise ValueError(f"{text}; write {parameter.bounds}")
    return value


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
