"""Where arrivals meet slots: an idle slot takes one at once, else it waits for a slot, at most until its deadline."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import gevent
from gevent.hub import Waiter

from harness.containers.load.tally import Tally
from harness.containers.load.wire import Order
from harness.model.load import Outcome

_FRESH = -1
"""Entry of a slot that has never talked to anybody."""


def mono_us() -> int:
    """CLOCK_MONOTONIC in µs."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


@dataclass(slots=True)
class Arrival:
    """An intended request. `woke_us`: when the scheduler came to it; `assigned_us`: when it had a slot."""

    due_us: int
    flow: int
    woke_us: int
    assigned_us: int = 0


class Sitter(Protocol):
    """A slot as the desk sees it: the entry (host and port) that its connection leads to."""

    entry: int
    waiter: Any


class Desk:
    """All slots of one program. Times are µs of the run's clock, whose zero is set when the run starts.

    A slot that last talked to the same entry is taken first (its connection is warm), the most recent one first;
    then one that is fresh; then the one of another entry that has been idle longest. So there are never more
    connections than slots, and as few as the load needs.
    """

    def __init__(self, order: Order, tally: Tally) -> None:
        self.zero_us = 0
        self.tally = tally
        self.targets = order.targets
        entries = [target.url.split("/", 3)[2] for target in order.targets]
        self.entry_of = [entries.index(entry) for entry in entries]
        self._idle: dict[int, deque[Sitter]] = {entry: deque() for entry in (_FRESH, *self.entry_of)}
        self._waiting: list[deque[Arrival]] = [deque() for _ in order.targets]
        self._hub = gevent.get_hub()

    def now_us(self) -> int:
        """The run's clock."""
        return mono_us() - self.zero_us

    @property
    def idle(self) -> int:
        """Slots that wait for work."""
        return sum(len(slots) for slots in self._idle.values())

    def hand(self, due_us: int, flow: int) -> None:
        """The scheduler has come to this arrival. Never blocks."""
        self.tally.offered += 1
        arrival = Arrival(due_us, flow, self.now_us())
        slot = self._take(self.entry_of[flow])
        if slot is None:
            self._waiting[flow].append(arrival)
            return
        arrival.assigned_us = arrival.woke_us
        self._hub.loop.run_callback(slot.waiter.switch, arrival)

    def next_for(self, slot: Sitter) -> Arrival:
        """The arrival that has waited longest, else the next one to come. Blocks the slot's greenlet."""
        arrival = self._longest_waiting()
        if arrival is not None:
            arrival.assigned_us = self.now_us()
            self.tally.waited += 1
            return arrival
        slot.waiter = Waiter()
        self._idle[slot.entry].append(slot)
        arrived: Arrival = slot.waiter.get()
        return arrived

    def expire(self) -> None:
        """Those whose deadline is over get their row: no slot came free."""
        now_us = self.now_us()
        for flow, queue in enumerate(self._waiting):
            while queue and queue[0].due_us + self.targets[flow].deadline_us <= now_us:
                self.give_up(queue.popleft())

    def give_up(self, arrival: Arrival) -> None:
        """It was never sent, and its deadline is over."""
        deadline_us = self.targets[arrival.flow].deadline_us
        late_us = arrival.woke_us - arrival.due_us
        self.tally.add(arrival.due_us, arrival.flow, deadline_us, Outcome.NO_SLOT, status=0, late_us=late_us)

    def _take(self, entry: int) -> Sitter | None:
        for key in (entry, _FRESH):
            if self._idle[key]:
                return self._idle[key].pop()
        longest = max(self._idle.values(), key=len)
        return longest.popleft() if longest else None

    def _longest_waiting(self) -> Arrival | None:
        self.expire()
        heads = [queue for queue in self._waiting if queue]
        return min(heads, key=lambda queue: queue[0].due_us).popleft() if heads else None
