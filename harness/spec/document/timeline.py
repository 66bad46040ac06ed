"""`timeline`, `how` and `clock`: what is done, when, and how fast the incident's clock runs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, create_model

from harness.faults.contract import FaultType
from harness.spec.document.do import DoDoc
from harness.spec.document.symptoms import SymptomBase, bare_kinds, symptom_fields
from harness.spec.document.types import Compression, Duration, Name, Part, short
from harness.spec.durations import shown


class FaultDoc(SymptomBase):
    """One fault on one target. It holds for its phase, unless it names a time of its own."""

    on: str = Field(
        description="Target: region, service, a->b, *->b, a->*, role:NAME, tag:NAME, entry:NAME; joined by commas,"
        " minus with !.",
        examples=["us-east-1", "orders->db", "tag:bridge"],
    )
    id: Name | None = Field(None, description="Name of the injection. Default: the phase's name.")
    at: Duration | None = Field(None, description="Start on the timeline's clock. Default: its phase's start.")
    for_: Duration | None = Field(None, alias="for", description="How long. Default: to its phase's end.")
    until: Duration | None = Field(None, description="End on the timeline's clock, instead of `for`.")
    source: str = Field("", description="Where the value comes from.")
    grade: str = Field("", description="How sure the source is.")


@dataclass(frozen=True, slots=True)
class Symptoms:
    """The parts of the file that depend on the catalogue: `how` of the smallest form, and a fault of a phase."""

    how: Any
    fault: Any


def symptoms_of(types: Iterable[FaultType]) -> Symptoms:
    """Models with one key for each of these faults."""
    types = tuple(types)
    fields, words = symptom_fields(types), SymptomBase.__doc__
    symptom: Any = create_model("SymptomDoc", __base__=SymptomBase, __doc__=words, **fields)
    fault: Any = create_model("FaultDoc", __base__=FaultDoc, __doc__=FaultDoc.__doc__, **fields)
    how = Annotated[symptom, short(_as_how, type="string", enum=bare_kinds(types))]
    return Symptoms(how, fault)


def _as_how(value: Any) -> Any:
    return value if isinstance(value, dict) or value is None else {"how": value}


class PhaseDoc(Part):
    """A named window of the timeline. Phases follow one another without gaps; the first begins at 0s."""

    phase: Name = Field(description="Its name, for objectives.", examples=["gone"])
    title: str = Field("", description="For people.")
    at: Duration | None = Field(
        None, description="Start from t=0, the end of steady. Default: the end of the phase before."
    )
    for_: Duration | None = Field(None, alias="for", description="How long it lasts.")
    until: Duration | None = Field(None, description="End, instead of `for`.")
    faults: tuple[FaultDoc, ...] = Field((), description="What holds in it.")
    do: DoDoc | None = Field(None, description="A step at `at` instead of a phase: http, exec or host.")
    source: str = Field("", description="Where the times come from.")
    grade: str = Field("", description="How sure the source is.")


_T0 = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( [A-Za-z+:0-9/_-]{1,32})?")


def _t0(value: Any) -> Any:
    if isinstance(value, str) and _T0.fullmatch(value):
        return value
    raise ValueError(f'{shown(value)} is not a time of day; write HH:MM ZONE, as in "07:30 PST"')


class ClockDoc(Part):
    """The incident clock. With it the timeline is incident time; steady, warm-up and timeouts stay wall time."""

    default: Compression = Field(1.0, description="Incident seconds per second of wall time.", examples=["240x"])
    t0: Annotated[str, short(_t0, type="string")] = Field("", description="Time of day at t=0.", examples=["07:30 PST"])
    phases: dict[Name, Compression] = Field(default_factory=dict, description="Other compressions, by phase.")
