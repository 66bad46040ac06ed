"""`timeline`, `how` and `clock`: what is done, when, and how fast the incident's clock runs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.spec.document.types import (
    ByteRate,
    Compression,
    Duration,
    Int,
    Name,
    Part,
    Scalar,
    Share,
    Yes,
    listed,
    short,
)
from harness.spec.durations import parse_duration, shown


class SlowDoc(Part):
    """Every answer takes longer."""

    latency: Annotated[tuple[float, float], short(lambda v: _ramp(v), type="string")] = Field(
        description="Added to every request, up to 10 minutes; `20ms -> 400ms` climbs. Wall time, never scaled.",
        examples=["300ms", "20ms -> 400ms"],
        json_schema_extra={"type": "string"},
    )
    jitter: Duration = Field(0.0, description="Plus or minus, uniform; at most the latency.")
    over: Duration | None = Field(
        None, description="How long a climb takes, on the timeline's clock. Default: all the time it holds."
    )
    steps: Int = Field(10, description="Equal steps of a climb.", ge=1, le=100)


def _ramp(value: Any) -> tuple[float, float]:
    """'20ms -> 400ms' -> (0.02, 0.4); '300ms' -> (0.3, 0.3)."""
    if isinstance(value, str) and "->" in value:
        first, _, last = value.partition("->")
        pair = parse_duration(first), parse_duration(last)
    else:
        pair = (parse_duration(value),) * 2
    if max(pair) > 600:
        raise ValueError(f"{shown(value)} is more than 10 minutes; write a shorter latency")
    return pair


class BandwidthDoc(Part):
    """Bytes pass, but only so many a second."""

    rate: ByteRate = Field(description="Kilobytes per second and connection.", examples=["20KB/s"])


class HttpErrorsDoc(Part):
    """Answers with an error status. Not handled by this version: refused by name."""

    status: Int = Field(503, description="The HTTP status.")
    rate: Share = Field(1.0, description="Share of requests.")


Symptom = Literal["blackout", "isolate", "hang", "refuse"]


class SymptomDoc(Part):
    """What happens to the target: exactly one of how, slow, bandwidth, hang, refuse and flags."""

    how: Symptom | None = Field(None, description="A symptom without parameters.")
    slow: Annotated[SlowDoc, short(lambda v: _as("latency", v), type="string")] | None = Field(
        None, description="Every answer takes longer.", examples=["300ms", {"latency": "20ms -> 400ms", "over": "3m"}]
    )
    bandwidth: Annotated[BandwidthDoc, short(lambda v: _as("rate", v), type="string")] | None = Field(
        None, description="Bytes pass, but only so many a second.", examples=["20KB/s"]
    )
    hang: Yes | None = Field(None, description="No answer at all: connects and requests wait.")
    refuse: Yes | None = Field(None, description="Connection refused at once.")
    flags: dict[Name, Scalar] | None = Field(
        None, description="What a service with the label regionfall.flags is told.", examples=[{"login": "fail"}]
    )
    errors: HttpErrorsDoc | None = Field(
        None, description="Answers with an error status. Not handled by this version: refused by name."
    )
    share: Share | None = Field(None, description="Of new connections. Default: all, live ones too.", examples=["35%"])


def _as(key: str, value: Any) -> Any:
    return value if isinstance(value, dict) or value is None else {key: value}


HowDoc = Annotated[
    SymptomDoc, short(lambda v: _as("how", v), type="string", enum=["blackout", "isolate", "hang", "refuse"])
]
"""`how:` of the smallest form: a word, or a mapping with one symptom."""


class FaultDoc(SymptomDoc):
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


class DoDoc(Part):
    """An action instead of a fault. Not handled by this version: refused by name."""

    http: str | None = Field(None, description="METHOD service:port/path.", examples=["POST web:8080/admin/failover"])
    exec: str | None = Field(None, description="Service in which to run a command.")
    run: Annotated[tuple[str, ...], short(listed)] = Field((), description="The command.")
    deadline: Duration | None = Field(None, description="How long it may take.")


class PhaseDoc(Part):
    """A named window of the timeline. Phases follow one another without gaps; the first begins at 0s."""

    phase: Name = Field(description="Its name, for objectives.", examples=["gone"])
    title: str = Field("", description="For people.")
    at: Duration | None = Field(
        None, description="Start from t=0, the end of steady. Default: the end of the phase before."
    )
    for_: Duration | None = Field(None, alias="for", description="How long it lasts.")
    until: Duration | None = Field(None, description="End, instead of `for`.")
    faults: Annotated[tuple[FaultDoc, ...], short(listed)] = Field((), description="What holds in it.")
    do: DoDoc | None = Field(None, description="An action. Not handled by this version: refused by name.")
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
