"""Intended requests: what the load generator is asked to send, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Flow:
    """One kind of request to one entry. `deadline_s` counts from the intended start; later is bad."""

    name: str
    service: str
    port: int
    method: str = "GET"
    path: str = "/"
    body: str = ""
    """JSON text of the request body, '' for none."""
    weight: float = 1.0
    deadline_s: float = 2.0
    ok_status: tuple[int, ...] = (200,)

    @property
    def edge(self) -> str:
        """Id of the entry edge that carries this flow."""
        return f"load->{self.service}:{self.port}"


@dataclass(frozen=True, slots=True)
class RatePoint:
    """From `at_s` (wall seconds from t=0 = end of steady; the first: all before too) the total rate is `per_s`."""

    at_s: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Load:
    """The whole open-loop load of one run."""

    rates: tuple[RatePoint, ...]
    flows: tuple[Flow, ...]
    arrivals: str = "poisson"
    """poisson | even"""
    connections: str = "keep-alive"
    """keep-alive | new | recycle N"""
    slots: int = 100
    """Requests in flight that the generator can hold; at least peak rate x longest deadline."""


class Outcome(StrEnum):
    """What became of an arrival. Only OK counts as good."""

    OK = "ok"
    BAD_STATUS = "bad-status"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    ERROR = "error"
    NO_SLOT = "no-slot"
    """No free slot in time, so that the service had less than its whole deadline: the generator's fault."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One intended arrival. Microseconds of the run's own clock (0 = start of the load, before warm-up)."""

    due_us: int
    flow: str
    latency_us: int
    """From `due_us`; a timeout or a missing slot stands at its deadline."""
    outcome: Outcome
    status: int = 0
    late_us: int = 0
    """How much later than due the generator itself began (its own fault, not a missing slot)."""
