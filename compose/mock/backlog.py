"""Events on their way: a queue that keeps what it cannot deliver."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

LOOK_S = 0.1
MOST = 100_000


@dataclass(frozen=True)
class Event:
    """Something published; `delivered` is done when its consumer has taken it."""

    body: bytes
    delivered: asyncio.Future[None]


class Bus:
    """The queue and its dispatcher: in order, at most `capacity` a second, nothing while paused."""

    def __init__(self, send: Callable[[bytes], Awaitable[bool]], capacity: float, paused: Callable[[], bool]) -> None:
        self.send, self.paused, self.gap_s = send, paused, 1 / capacity
        self.queue: deque[Event] = deque()
        self.wake = asyncio.Event()
        self.running: set[asyncio.Task[None]] = set()

    def publish(self, body: bytes) -> Event | None:
        """Take an event; None when the queue is full."""
        if len(self.queue) >= MOST:
            return None
        event = Event(body, asyncio.get_running_loop().create_future())
        self.queue.append(event)
        self.wake.set()
        return event

    async def dispatch(self) -> None:
        """Deliver for ever at no more than the capacity; look again soon while paused."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self.queue:
                self.wake.clear()
                await self.wake.wait()
            if self.paused():
                await asyncio.sleep(LOOK_S)
                continue
            due = max(due + self.gap_s, loop.time())
            await asyncio.sleep(due - loop.time())
            task = asyncio.create_task(self.deliver(self.queue.popleft()))
            self.running.add(task)
            task.add_done_callback(self.running.discard)

    async def deliver(self, event: Event) -> None:
        """One delivery; an event that was not taken goes back to the front of the queue."""
        if await self.send(event.body):
            if not event.delivered.done():
                event.delivered.set_result(None)
            return
        self.queue.appendleft(event)
        self.wake.set()
