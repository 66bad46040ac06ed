"""What an experiment does to edges and services, named by symptom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The catalogue of symptoms; one small file each in `harness/faults/`."""

    SLOW = "slow"
    BANDWIDTH = "bandwidth"
    HANG = "hang"
    REFUSE = "refuse"
    BLACKOUT = "blackout"
    ISOLATE = "isolate"
    FLAGS = "flags"


@dataclass(frozen=True, slots=True)
class Fault:
    """One symptom with its parameters. Fields that a kind does not use stay at their default.

    `latency_s`, `jitter_s`: slow. `ramp_from_s`, `ramp_over_s`, `ramp_steps`: slow, from -> latency in steps.
    `rate_kbps`: bandwidth, kilobytes per second and connection. `share`: of new connections, 0–1.
    `flags`: what a flagged service is told, name -> value as JSON text.
    """

    kind: Kind
    latency_s: float = 0.0
    jitter_s: float = 0.0
    ramp_from_s: float | None = None
    ramp_over_s: float = 0.0
    ramp_steps: int = 1
    rate_kbps: float = 0.0
    share: float = 1.0
    flags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault on a target, planned: wall seconds from t=0 (the end of `steady`), resolved edges and services."""

    id: str
    fault: Fault
    target: str
    phase: str
    start_s: float
    end_s: float
    edges: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    """Flagged services (kind `flags` only); `edges` then holds the edges into and out of them, for the proof."""
    source: str = ""
    line: int = 1


class State(StrEnum):
    """The life of an injection. `lost`: it stopped holding before its planned end and nobody asked for that."""

    PENDING = "pending"
    HOLDING = "holding"
    LOST = "lost"
    HEALED = "healed"
    STUCK = "stuck"
