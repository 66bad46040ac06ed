"""An experiment bound to a stack: everything that a run needs, and that a judge needs again later."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model.fault import Injection
from harness.model.load import Load
from harness.model.objective import Objective, SignatureCheck, Stop
from harness.model.probe import Probe
from harness.model.stack import Stack
from harness.model.step import Step

STEADY = "steady"
"""Name of the baseline phase, the first of every run; it ends at t=0."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A named window of the run. Wall seconds count from t=0, so `steady` starts below zero."""

    name: str
    start_s: float
    end_s: float
    incident_start_s: float = 0.0
    incident_end_s: float = 0.0
    title: str = ""
    line: int = 1

    @property
    def compression(self) -> float:
        """Incident seconds per wall second; 1 where there is no incident clock."""
        wall = self.end_s - self.start_s
        return (self.incident_end_s - self.incident_start_s) / wall if wall else 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The blast radius that the file allows; None or empty = not limited."""

    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    edges: int | None = None
    faults: int | None = None
    for_s: float | None = None
    protect: tuple[str, ...] = ()
    declared: tuple[tuple[str, str], ...] = ()
    """Limit (`regions`, …, `protect NAME`) -> `file:line` that declares it, for messages."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, planned to the second. `injections` is empty in the control arm, and `without_faults` true."""

    name: str
    title: str
    file: str
    sha256: str
    seed: int
    stack: Stack
    load: Load
    warmup_s: float
    phases: tuple[Phase, ...]
    """`steady` first, then the timeline in order; half-open, never overlapping."""
    injections: tuple[Injection, ...]
    objectives: tuple[Objective, ...] = ()
    steady: tuple[Objective, ...] = ()
    """What must hold in the baseline before anything is broken."""
    signature: tuple[SignatureCheck, ...] = ()
    stops: tuple[Stop, ...] = ()
    probes: tuple[Probe, ...] = ()
    limits: Limits = field(default_factory=Limits)
    incident_clock: bool = False
    clock_default: float = 1.0
    """Incident seconds per wall second that `@clock` values are divided by."""
    incident_t0: str = ""
    """Wall clock of the incident at t=0 as `HH:MM ZONE`, '' if none."""
    without_faults: bool = False
    left_out: tuple[Injection, ...] = ()
    """What the control arm leaves out: its stack is prepared for these all the same, so that both arms go one way."""
    environment: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """service -> variables that the rendered copy gets, @clock already divided."""
    volumes: str = "fresh"
    seed_exec: tuple[str, tuple[str, ...]] | None = None
    steps: tuple[Step, ...] = ()
    """What people do meanwhile; carried out in the control arm too, so that only the faults differ."""
    notes: tuple[str, ...] = ()
    """What the reader must know: defaults taken, points that claim order only."""
    tags: tuple[str, ...] = ()
    owner: str = ""

    @property
    def end_s(self) -> float:
        """Wall seconds from t=0 to the end of the last phase."""
        return max(phase.end_s for phase in self.phases)

    @property
    def start_s(self) -> float:
        """Start of the load (negative): warm-up, then steady, then t=0."""
        return min(phase.start_s for phase in self.phases) - self.warmup_s

    def phase(self, name: str) -> Phase:
        """The phase called `name`; KeyError if there is none."""
        for phase in self.phases:
            if phase.name == name:
                return phase
        raise KeyError(name)

    def incident_s(self, wall_s: float) -> float:
        """Incident seconds at `wall_s` from t=0, piecewise linear over the phases, extended with the last slope."""
        inside = [p for p in self.phases if p.start_s <= wall_s < p.end_s]
        phase = inside[0] if inside else (self.phases[0] if wall_s < self.phases[0].start_s else self.phases[-1])
        return phase.incident_start_s + (wall_s - phase.start_s) * phase.compression
