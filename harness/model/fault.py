"""What an experiment does to edges and services, named by symptom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Flap:
    """On for `on_s`, off for `off_s`, so many `times`, beginning on; after the last time it stays off. Wall seconds."""

    on_s: float
    off_s: float
    times: int


@dataclass(frozen=True, slots=True)
class Ramp:
    """Takes its edges in `steps` equal parts over `over_s` wall seconds, in their order; the first part at once."""

    over_s: float
    steps: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One symptom with its parameters. Fields that a kind does not use stay at their default.

    `kind`: its name in the catalogue (`harness/faults/`), the key that people write.
    `latency_s`, `jitter_s`: slow. `ramp_from_s`, `ramp_over_s`, `ramp_steps`: slow, from -> latency in steps.
    `rate_kbps`: bandwidth, kilobytes per second and connection. `share`: of new connections, 0–1.
    `flags`: what a flagged service is told, name -> value as JSON text.
    `params`: parameters of all other kinds, by the name that people write, in base units (seconds, kB/s, bytes, 0–1);
    numbers, texts, true and false only, so that a run folder keeps them.
    """

    kind: str
    latency_s: float = 0.0
    jitter_s: float = 0.0
    ramp_from_s: float | None = None
    ramp_over_s: float = 0.0
    ramp_steps: int = 1
    rate_kbps: float = 0.0
    share: float = 1.0
    flags: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, Any], ...] = ()
    flap: Flap | None = None
    ramp: Ramp | None = None
    gray: str = ""
    """Words of the part of its target that was drawn, '' for all of it: `3 of 10 edges`."""

    def number(self, name: str, default: float = 0.0) -> float:
        """A number of `params`."""
        return float(dict(self.params).get(name, default))

    def text(self, name: str, default: str = "") -> str:
        """A text of `params`."""
        return str(dict(self.params).get(name, default))


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
    """Services that are acted on themselves; `edges` then holds the edges on which it must show, for the proof."""
    source: str = ""
    line: int = 1


class State(StrEnum):
    """The life of an injection. `lost`: it stopped holding before its planned end and nobody asked for that."""

    PENDING = "pending"
    HOLDING = "holding"
    LOST = "lost"
    HEALED = "healed"
    STUCK = "stuck"
