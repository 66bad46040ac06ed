"""One run of the load program, seen from the controller."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
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


Samples = Callable[[list[Sample]], None]
Events = Callable[[Mapping[str, Any]], None]
Opener = Callable[[Any, Sequence[str]], ByteStream]


class LoadRun:
    """Starts the load of `plan` inside `container`, hands every sample on, keeps the account.

    `on_samples` gets every batch. `on_event` is told at once `{"kind", "text"}`, kind being `ended` (all samples are
    here), `lost` (the program died: no more come) or `silent` (no word for 3 s). Both are called on a thread of this
    object. `targets` and `open_stream` lead the load elsewhere: base URLs by flow name, and how the program is started.
    """

    def __init__(
        self,
        container: Any,
        plan: Plan,
        targets: Mapping[str, str] | None = None,
        *,
        on_samples: Samples,
        on_event: Events,
        open_stream: Opener = ExecStream,
    ) -> None:
        self._container, self._open_stream = container, open_stream
        self._on_samples, self._on_event = on_samples, on_event
        self._order: Order = order_of(plan, targets or {})
        self._names = [target.name for target in self._order.targets]
        self._talk: Conversation | None = None
        self._over = threading.Condition()
        self._account = Account()
        self._program_offered = self._zero_us = 0
        self._cut_short = self._closing = self._ended = self._silent = False
        self._lost_at_us: int | None = None
        self._error: LoadError | None = None

    def start(self) -> float:
        """Start the load; returns run clock 0 in seconds of this process's CLOCK_MONOTONIC, half a second ahead.

        Slots are started and every entry has answered when this returns. LoadError names the flow that did not.
        """
        try:
            stream = self._open_stream(self._container, PROGRAM)
        except Exception as error:
            raise LoadError(f"the load program could not be started in its container: {error}") from error
        self._talk = Conversation(stream, self._hear, self._watch, self._lose)
        try:
            self._begin(self._talk)
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
        """Wait for the last sample, or for the program to die (then `error` says why); False after `timeout_s`."""
        with self._over:
            self._over.wait_for(lambda: self.finished, timeout_s)
        return self.finished

    def stop(self) -> None:
        """End early: nothing new is sent, what is under way gets its sample, all samples are delivered. Idempotent.

        Returns within the longest deadline and a few seconds more; then the program is gone in any case.
        """
        if self._talk is not None and not self.finished:
            self._cut_short = True
            with suppress(LoadError):
                self._talk.send(b'{"stop": true}\n')
            self.wait(max(target.deadline_us for target in self._order.targets) / 1e6 + _GRACE_S)
        self.close()

    def close(self) -> None:
        """Let the program go: if it still runs it dies at once, with what is under way. Safe to repeat."""
        self._closing = True
        if self._talk is not None:
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

    def _begin(self, talk: Conversation) -> None:
        """Order, ready, handshake, go."""
        talk.send(self._order.to_line())
        talk.expect("ready", _READY_S)
        trips = []
        for count in range(ROUNDS):
            sent_us = mono_us()
            talk.send(b'{"ping": %d}\n' % count)
            pong = talk.expect("pong", _ANSWER_S)
            trips.append(RoundTrip(sent_us, pong["received_us"], pong["mono_us"]))
        self._zero_us = mono_us() + _LEAD_US
        talk.send(b'{"start_us": %d}\n' % (self._zero_us + offset_us(trips)))

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
            self._tell("ended", f"{self._account.rows} of {frame['offered']} intended requests have their sample")

    def _sample(self, row: Sequence[int]) -> Sample:
        due_us, flow, latency_us, outcome, status, late_us = row
        return Sample(due_us, self._names[flow], latency_us, OUTCOMES[outcome], status, late_us)

    def _watch(self, quiet_s: float) -> None:
        """Say once when a running program says nothing: it sends a frame ten times a second."""
        running = self._zero_us and not self.finished
        if running and quiet_s > _SILENT_S and not self._silent:
            self._silent = True
            self._tell("silent", f"the load program has said nothing for {quiet_s:.1f} s")

    def _lose(self, why: str) -> None:
        """The program is gone; that is a loss only before its end frame, and unless it was let go."""
        if self._ended or self._closing:
            return
        self._lost_at_us = mono_us()
        with self._over:
            self._error = LoadError(why)
            self._over.notify_all()
        if self._zero_us:
            self._tell("lost", why)

    def _tell(self, kind: str, text: str) -> None:
        self._on_event({"kind": kind, "text": text})
