"""What a running experiment tells whoever listens; faces show it, the journal keeps its own record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Said:
    """A line for people: a step that began or ended, a warning."""

    text: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class RunOpened:
    """The run folder exists; `folder` is its path as typed by people."""

    run: str
    folder: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class FlowNow:
    """One flow over the last seconds: share of arrivals answered well and in time, p95 in seconds (None: no sample)."""

    flow: str
    availability: float | None
    p95_s: float | None
    per_s: float = 0.0
    p50_s: float | None = None
    p90_s: float | None = None
    p99_s: float | None = None
    lost: float = 0.0
    """Share of arrivals that found no free slot in the generator."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Once a second. `wall_s` counts from t=0, `incident_s` on the incident's clock; both negative before."""

    phase: str
    wall_s: float
    incident_s: float
    left_s: float
    holding: tuple[str, ...]
    flows: tuple[FlowNow, ...]


@dataclass(frozen=True, slots=True)
class PhaseChanged:
    """A phase began ('' after the last one ended)."""

    phase: str
    wall_s: float


@dataclass(frozen=True, slots=True)
class InjectionChanged:
    """An injection reached a new state: holding | changed | lost | healed | stuck."""

    injection: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepChanged:
    """A step of the timeline: started, then how it ended (`StepState`)."""

    step: str
    state: str
    detail: str = ""


Event = Said | RunOpened | Tick | PhaseChanged | InjectionChanged | StepChanged
Listener = Callable[[Event], None]
