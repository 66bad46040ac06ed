"""One run of the load program, seen from the controller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from harness.containers.load.wire import OUTCOMES, Order
from harness.model.errors import LoadError
from harness.model.finding import LoadAccount
from harness.model.load import Sample
from harness.model.plan import Plan
from harness.workload.account import Account
from harness.workload.conversation import Conversation, Frame, mono_us
from harness.workload.handshake import ROUNDS, RoundTrip, offset_us
from harness.workload.order import expected_arrivals, order_of
from harness.workload.streams import ByteStream, ExecStream

PROGRAM = ("/opt/load/bin/python", "-m", "harness.containers.load")
"""How the load program is started inside its container."""
_READY_S = 90.0
_ANSWER_S = 10.0
_LEAD_US = 500_000
_SILENT_S = 3.0
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class LoadEvent:
    """`ended`: all samples are here · `lost`: the program died, no more samples come · `silent`: no word for 3 s."""

    kind: str
    text: str


class LoadRun:
    """Starts the load, hands every sample on, keeps the account.

    `open_stream(container, command)` starts the program; by default inside the container. Callbacks come from a
    thread of this object: `on_samples` with every batch, `on_event` at once when something happened.
    """

    def __init__(self, open_stream: Callable[[Any, Sequence[str]], ByteStream] = ExecStream) -> None:
        self._open_stream = open_stream
        self._over = threading.Condition()
        self._account = Account()
        self._program_offered = 0
        self._zero_us = 0
        self._cut_short = self._closing = self._ended = self._silent = False
        self._lost_at_us: int | None = None
        self._error: LoadError | None = None

    def start(
        self,
        container: Any,
        plan: Plan,
        targets: Mapping[str, str],
        on_samples: Callable[[list[Sample]], None],
        on_event: Callable[[LoadEvent], None],
    ) -> float:
        """Start the load; returns run clock 0 in seconds of this process's CLOCK_MONOTONIC, half a second ahead.

        Slots are started and every entry has answered when this returns. LoadError names the flow that did not.
        """
        self._order: Order = order_of(plan, targets)
        self._on_samples, self._on_event = on_samples, on_event
        self._names = [target.name for target in self._order.targets]
        try:
            stream = self._open_stream(container, PROGRAM)
        except Exception as error:
            raise LoadError(f"the load program could not be started: {error}") from error
        self._talk = Conversation(stream, self._hear, self._watch, self._lose)
        try:
            self._begin()
        except LoadError:
            self.close()
            raise
        return self._zero_us / 1e6

    @property
    def finished(self) -> bool:
        """Whether all samples are here, or none will come any more."""
        return self._ended or self._error is not None

    @property
    def error(self) -> LoadError | None:
        """Why the load was lost, if it was."""
        return self._error

    def wait(self, timeout_s: float) -> bool:
        """Wait for the last sample; False after `timeout_s`. LoadError if the program died."""
        with self._over:
            self._over.wait_for(lambda: self.finished, timeout_s)
        if self._error is not None:
            raise self._error
        return self._ended

    def stop(self) -> None:
        """End early: nothing new is sent, what is under way gets its sample, all samples are delivered. Idempotent."""
        if not self.finished:
            self._cut_short = True
            with suppress(LoadError):
                self._talk.send(b'{"stop": true}\n')
            longest_s = max(target.deadline_us for target in self._order.targets) / 1e6
            with self._over:
                self._over.wait_for(lambda: self.finished, longest_s + _GRACE_S)
        self.close()

    def close(self) -> None:
        """Let the program go: if it still runs it dies at once, with what is under way. Safe to repeat."""
        self._closing = True
        self._talk.close()

    def account(self) -> LoadAccount:
        """Whether the generator kept its word so far.

        `offered` is the schedule's own count when the run ended by itself or was lost, so that `offered == rows`
        says that every intended request has its row; otherwise it is the program's count.
        """
        if self._lost_at_us is not None:
            return self._account.against(expected_arrivals(self._order, self._lost_at_us - self._zero_us))
        if self._ended and not self._cut_short:
            return self._account.against(expected_arrivals(self._order))
        return self._account.against(self._program_offered)

    def _begin(self) -> None:
        """Order, ready, handshake, go."""
        self._talk.send(self._order.to_line())
        self._talk.expect("ready", _READY_S)
        trips = []
        for count in range(ROUNDS):
            sent_us = mono_us()
            self._talk.send(b'{"ping": %d}\n' % count)
            pong = self._talk.expect("pong", _ANSWER_S)
            trips.append(RoundTrip(sent_us, pong["received_us"], pong["mono_us"]))
        self._zero_us = mono_us() + _LEAD_US
        self._talk.send(b'{"start_us": %d}\n' % (self._zero_us + offset_us(trips)))

    def _hear(self, frame: Frame) -> None:
        """A frame that nobody waits for: rows, or the end. On the reading thread."""
        self._program_offered = frame["offered"]
        self._silent = False
        if frame["t"] == "rows":
            samples = [self._sample(row) for row in frame["rows"]]
            self._account.add(samples)
            if samples:
                self._on_samples(samples)
        elif frame["t"] == "end":
            with self._over:
                self._ended = True
                self._over.notify_all()
            self._on_event(LoadEvent("ended", f"{self._account.rows} of {frame['offered']} arrivals have their sample"))

    def _sample(self, row: Sequence[int]) -> Sample:
        due_us, flow, latency_us, outcome, status, late_us = row
        return Sample(due_us, self._names[flow], latency_us, OUTCOMES[outcome], status, late_us)

    def _watch(self, quiet_s: float) -> None:
        """Say once when a running program says nothing: it sends a frame ten times a second."""
        running = self._zero_us and not self.finished
        if running and quiet_s > _SILENT_S and not self._silent:
            self._silent = True
            self._on_event(LoadEvent("silent", f"the load program has said nothing for {quiet_s:.1f} s"))

    def _lose(self, why: str) -> None:
        """The program is gone; that is a loss only before its end frame, and unless it was let go."""
        if self._ended or self._closing:
            return
        self._lost_at_us = mono_us()
        with self._over:
            self._error = LoadError(why)
            self._over.notify_all()
        if self._zero_us:
            self._on_event(LoadEvent("lost", why))
