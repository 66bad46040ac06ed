"""Everything that one run is wired to; the composition root fills it with real adapters, tests with fakes."""

from __future__ import annotations

import os
import select
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.model.load import Sample
from harness.model.probe import Reading
from harness.model.progress import Event, Listener
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow
from harness.probes.contract import World
from harness.runner.acts import Spawn, at_once
from harness.runner.edge_bytes import EdgeBytes
from harness.runner.injector import JournalPort
from harness.runner.ports import BorderPort, FlowView, Gauge, GuardianPort, LoadPort, Wire
from harness.runner.steps import Doer


class StorePort(Protocol):
    """Where samples and what the borders saw are kept; used from the run's own thread only."""

    def add_samples(self, samples: list[Sample]) -> None: ...
    def add_edge_seconds(self, rows: list[EdgeSecond]) -> None: ...
    def add_canary(self, rows: list[CanarySecond]) -> None: ...
    def add_readings(self, rows: list[Reading]) -> None: ...
    def set_phases(self, phases: list[PhaseWindow]) -> None: ...
    def set_zero(self, us: int) -> None: ...
    def commit(self) -> None: ...


class StopClock:
    """Monotonic time, and a flag that ends every wait of the run early.

    `stop` is called by signal handlers, which run in the middle of whatever the main thread does, its own `wait` too.
    So there is no lock in here (an `Event` has one, and a run hung for ever): a flag, and a pipe that wakes.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.monotonic = monotonic
        self._stopped = False
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._poll = select.poll()
        self._poll.register(self._woken, select.POLLIN)
        weakref.finalize(self, _closed, self._woken, self._wake)
        self.signal = 0
        self.failure = ""
        """Why the run cannot go on, '' when it was a signal that asked."""
        self.over = False
        """Everything was lifted, or given up: only judging is left, and nothing waits for a stop any more."""

    def stop(self, signal_number: int = 0) -> None:
        """Ask the run to end in order; remembers the signal that asked."""
        self.signal = self.signal or signal_number
        self._end()

    def fail(self, reason: str) -> None:
        """Ask the run to end in order because it cannot go on; the first reason stands."""
        self.failure = self.failure or reason
        self._end()

    @property
    def stopped(self) -> bool:
        """Whether somebody asked the run to end."""
        return self._stopped

    def wait(self, seconds: float) -> None:
        """Sleep at most `seconds`, less when the run is asked to end."""
        if not self._stopped:
            self._poll.poll(max(0.0, seconds) * 1000)

    def _end(self) -> None:
        self._stopped = True
        with suppress(OSError):  # full: whoever waits is awake already
            os.write(self._wake, b"x")


def _closed(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class Inbox:
    """What other threads bring, until the run's own thread stores it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._samples: list[Sample] = []
        self._rows: list[tuple[str, Wire]] = []
        self._calls: list[Callable[[], None]] = []

    def samples(self, samples: Sequence[Sample]) -> None:
        """Finished samples from the load."""
        with self._lock:
            self._samples.extend(samples)

    def rows(self, region: str, rows: Wire) -> None:
        """One `stats` answer of a border."""
        with self._lock:
            self._rows.append((region, rows))

    def call(self, function: Callable[[], None]) -> None:
        """Have `function` called on the run's own thread."""
        with self._lock:
            self._calls.append(function)

    def drain(self) -> tuple[list[Sample], list[tuple[str, Wire]], list[Callable[[], None]]]:
        """Everything since the last call."""
        with self._lock:
            taken = self._samples, self._rows, self._calls
            self._samples, self._rows, self._calls = [], [], []
            return taken


@dataclass(slots=True)
class Rig:
    """The outside world of one run."""

    borders: Mapping[str, BorderPort]
    load: LoadPort
    window: FlowView
    store: StorePort
    journal: JournalPort
    inbox: Inbox
    clock: StopClock
    listener: Listener
    gauge: Gauge = dict
    baseline_broken: Callable[[], str] = lambda: ""
    """Why the steady-state hypothesis does not hold on the data so far; '' if it does, or cannot be told yet."""
    addresses: Callable[[], Mapping[str, str]] = dict
    """Address -> name of whatever listens there, to name calls that nobody declared."""
    repair: Callable[[str], bool] = lambda region: False
    """Last rung of the undo ladder: replace a proxy that does not answer; True when it came back clean."""
    halted: Callable[[], str] = lambda: ""
    """Why everything must stop now; '' while nothing speaks against going on. Asked many times a second."""
    name: str = ""
    """The run's own name at the proxies: what another one wants there was added by hand."""
    protected: Callable[[], frozenset[str]] = frozenset
    """Services that no fault may select, as their running containers say now."""
    guardian: GuardianPort | None = None
    """Harms containers; there when the plan asks for that."""
    spawn: Spawn = at_once
    """In whose time that happens."""
    repair_guardian: Callable[[], bool] = lambda: False
    """Its last rung: start it again, so that it undoes what its file says; True when nothing is left."""
    doer: Doer | None = None
    """Carries out the plan's steps; needed only by plans that have some."""
    world: World | None = None
    """The running stack as probes reach it; None: probes are not asked."""
    edge_bytes: EdgeBytes = field(default_factory=EdgeBytes)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def say(self, event: Event) -> None:
        """Tell the listener; a face that raises never ends a run."""
        try:
            self.listener(event)
        except Exception as error:  # a broken display must not leave a fault behind
            self.journal.write("listener_failed", reason=repr(error))
