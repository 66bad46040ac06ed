"""A finite shared resource: few workers behind one bounded queue, and no memory of who still waits."""

from __future__ import annotations

import asyncio
from collections import deque


class Crossing:
    """`slots` workers, each holding a request for `service_s`; a full queue rejects. It works for callers that left."""

    def __init__(self, slots: int, service_s: float, queue: int) -> None:
        self.slots, self.service_s, self.room = slots, service_s, queue
        self.fifo: deque[tuple[float, asyncio.Future[None]]] = deque()
        self.wake = asyncio.Event()

    def enter(self) -> asyncio.Future[None] | None:
        """A place in the queue: a future that is done when the crossing is; None when the queue is full."""
        if len(self.fifo) >= self.room:
            return None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self.fifo.append((loop.time(), future))
        self.wake.set()
        return future

    async def worker(self) -> None:
        """Take the oldest, hold it. The end is computed on the clock, so that a late wake-up does not eat capacity."""
        loop, free_at = asyncio.get_running_loop(), 0.0
        while True:
            while not self.fifo:
                self.wake.clear()
                await self.wake.wait()
            came, future = self.fifo.popleft()
            free_at = max(free_at, came) + self.service_s
            await asyncio.sleep(free_at - loop.time())
            if not future.done():
                future.set_result(None)

    async def work(self) -> None:
        """All workers, for ever."""
        await asyncio.gather(*(self.worker() for _ in range(self.slots)))
