"""What every probe file says about itself, and what it may use of the outside world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.model.probe import HttpAnswer, Outcome, Probe, ProbeKind, Ran


class World(Protocol):
    """The running stack as probes reach it. `harness.cluster.inside.Inside` is the real one.

    Every call ends within its timeout and a little; it raises NotAnswered when what was asked gave no answer, and
    NotMeasured when it could not be asked.
    """

    def http(self, service: str, port: int, path: str, timeout_s: float) -> HttpAnswer:
        """One GET, sent from next to the service: no fault on any edge lies on that way."""

    def tcp(self, service: str, port: int, timeout_s: float) -> float:
        """One TCP connect from next to the service; seconds that it took."""

    def run(
        self, service: str, command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None = None
    ) -> Ran:
        """A command inside the service's container, without a shell; killed there at its timeout."""

    def variable(self, service: str, name: str) -> str | None:
        """An environment variable of the service's container; None if it has none. A secret: never to be written."""

    def lines(self, service: str, after: str) -> tuple[list[str], str]:
        """Log lines after the mark `after` ('' at the first call: none yet), and the next mark."""

    def moved(self, edge: str) -> float | None:
        """Bytes per second over an edge, both directions, in the last whole seconds; None before there are any."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key as people write it."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ProbeType:
    """One entry of the catalogue. `measure` asks once; it may raise ProbeError, which becomes a reading.

    `memory` is the probe's own, the same dict at every call of one run: what it must remember between two looks.
    """

    kind: ProbeKind
    asks: str
    driver: str
    settings: tuple[Setting, ...]
    example: str
    cannot: str
    measure: Callable[[Probe, World, dict[str, str]], Outcome]


AT = Setting("at", "service:port, or service:port/path")
VALUE = Setting("value", 'what the number must keep to: ">= 10", "< 0.5", "3..7"')
SERVICE = Setting("service", "the service in whose container it is asked")
