"""What a run needs from the outside world; the real adapters live in `cluster` and `workload`, fakes in the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from harness.model.act import ContainerAct
from harness.model.effect import Effect
from harness.model.errors import LoadError
from harness.model.finding import LoadAccount
from harness.model.load import Sample
from harness.model.progress import FlowNow

Wire = dict[str, Any]
Faults = Mapping[str, tuple[float, Mapping[str, Effect]]]
"""Injection -> (seconds left, edge -> effect)."""
Flags = Mapping[str, tuple[float, Mapping[str, Mapping[str, Any]]]]
"""Injection -> (seconds left, service -> flag -> value)."""


class BorderPort(Protocol):
    """One region's proxy container, over its control stream. Every call has a deadline and raises ControlLost."""

    @property
    def clock_offset_us(self) -> int:
        """The agent's monotonic microseconds minus the controller's."""

    def want(self, faults: Faults, flags: Flags, lease_s: float) -> Wire:
        """Make this the complete desired state; answers what holds by read-back, and what is missing."""

    def renew(self, lease_s: float) -> Wire:
        """Prolong the lease; answers what holds by a fresh read-back, and what was lost and why."""

    def stats(self, *, flush: bool = False) -> Wire:
        """Edge seconds, canary seconds and blocked calls since the last call; `flush` includes the second under way."""

    def status(self) -> Wire:
        """All injections of all owners that hold now."""

    def heal(self) -> Wire:
        """Drop everything of everybody, read back."""

    def down(self, service: str, down: bool) -> None:
        """Tell that a service's process is gone, or may be back."""

    def close(self) -> None:
        """End the stream; the agent heals what this owner still held."""


Acts = Mapping[str, tuple[float, Mapping[str, ContainerAct]]]
"""Injection -> (seconds left, service -> act)."""


class GuardianPort(Protocol):
    """The helper that harms containers, over its control stream. Calls have deadlines and raise ControlLost."""

    def want(self, acts: Acts, lease_s: float) -> Wire:
        """Make this the complete desired state; answers what holds, what is missing, and what could not be undone."""

    def renew(self, lease_s: float) -> Wire:
        """Prolong the lease; answers what holds by a fresh read-back, and what was lost and why."""

    def status(self) -> Wire:
        """All injections of all owners that hold now, or could not be undone."""

    def heal(self) -> Wire:
        """Undo everything of everybody, read back."""


class LoadPort(Protocol):
    """The load generator of one run."""

    def start(self) -> float:
        """Begin; answers the controller's monotonic second of run clock 0."""

    def account(self) -> LoadAccount:
        """Offered, delivered, late; complete only after the end."""

    @property
    def finished(self) -> bool:
        """Whether the generator ended, well or not."""

    @property
    def error(self) -> LoadError | None:
        """Why it was lost, if it was."""

    def stop(self) -> None:
        """End early; samples so far are delivered."""

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; False on timeout."""


class FlowView(Protocol):
    """The last seconds of every flow."""

    def add(self, samples: Sequence[Sample]) -> None:
        """Take in finished samples."""

    def now(self, run_us: int) -> Sequence[FlowNow]:
        """Each flow over its window that ends at `run_us`."""


class Clock(Protocol):
    """Time as an argument: monotonic seconds, and a wait that ends early when asked to."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""

    def wait(self, seconds: float) -> None:
        """Sleep at most `seconds`; returns early when the run is asked to stop."""


class NowUs(Protocol):
    """Reads the run's clock."""

    def __call__(self) -> int:
        """Microseconds since the start of the load."""


Gauge = Callable[[], Mapping[str, float]]
"""Host readings for stop conditions, e.g. `host.memory_free` in bytes."""
