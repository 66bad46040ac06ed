"""A finished run as a judge sees it: read back from its folder, nothing else is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.model.load import Sample
from harness.model.plan import Plan
from harness.model.probe import Reading


@dataclass(frozen=True, slots=True)
class EdgeSecond:
    """What a border saw on one edge in one second of the run's clock (`t_us` is its start). Counts, bytes at IP level.

    `connects` are distinct new connections (retransmitted SYNs are one); of them `refused` got a reset and
    `unanswered` got nothing for a second. `requests` and `responses` are data turns on a connection; `gave_up`
    are requests whose caller closed before any answer. `errors` are answers that read HTTP 5xx, `rejects` HTTP 4xx.
    `cut_short` are answers that ended before their announced length, as HAProxy counted them (`http` edges only).
    `resets` are answered connections that the callee's side reset, `hangups` requests without an answer whose
    callee's side closed or reset. `ends` are connections that the callee's side ended first; `closes` all its ends,
    `close_us` the sum of what each took after its last data or the caller's own end. `segments` and `answer_bytes`
    are packets with data from the callee, and their data.
    `times_us` are sampled waits from request to first answer; `gave_up_us` the waits of those that gave up
    (each "at least this"). `lookups` are questions of the caller for the callee's name, in the second of the question;
    `lookup_answers` count in the second of the answer (or when none came), `lookup_errors` of them were not the
    callee's address, `lookup_times_us` are sampled waits.
    """

    t_us: int
    edge: str
    up_bytes: int = 0
    down_bytes: int = 0
    connects: int = 0
    refused: int = 0
    unanswered: int = 0
    requests: int = 0
    responses: int = 0
    gave_up: int = 0
    errors: int = 0
    rejects: int = 0
    cut_short: int = 0
    lookups: int = 0
    lookup_answers: int = 0
    lookup_errors: int = 0
    resets: int = 0
    hangups: int = 0
    ends: int = 0
    closes: int = 0
    close_us: int = 0
    segments: int = 0
    answer_bytes: int = 0
    times_us: tuple[int, ...] = ()
    gave_up_us: tuple[int, ...] = ()
    lookup_times_us: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CanarySecond:
    """Round trips of a border's own canary connection through a proxy that no fault selects."""

    t_us: int
    border: str
    n: int
    failed: int
    p50_us: int
    max_us: int


@dataclass(frozen=True, slots=True)
class PhaseWindow:
    """A phase as it really happened, on the run's clock; half-open."""

    name: str
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Record:
    """Everything on disk of one run."""

    run: str
    plan: Plan
    phases: tuple[PhaseWindow, ...]
    samples: tuple[Sample, ...]
    edge_seconds: tuple[EdgeSecond, ...]
    canary: tuple[CanarySecond, ...]
    events: tuple[Mapping[str, Any], ...]
    environment: tuple[tuple[str, str], ...] = ()
    zero_us: int = 0
    """t=0 (end of steady) on the run's clock."""
    readings: tuple[Reading, ...] = ()
    """What probes were answered, in order of time."""
