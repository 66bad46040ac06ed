"""The devices between the provider's internal and main networks: few workers behind one bounded queue.

Port 8080 takes the internal clients' own traffic. Port 8081 is the private path: `/NAME/rest` crosses and goes on to
the service NAME of RELAY. Both share the workers, so that traffic of the one kind can starve the other.
"""

from __future__ import annotations

import asyncio
from collections import deque

from aiohttp import web

from mock.calls import Caller
from mock.plans import Call
from mock.server import serve
from mock.settings import env, env_seconds, pairs


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


async def main() -> None:
    """The service."""
    crossing = Crossing(int(env("SLOTS")), env_seconds("SERVICE"), int(env("QUEUE")))
    relay, caller = pairs(env("RELAY", "")), Caller()

    async def cross(_: web.Request) -> web.Response:
        place = crossing.enter()
        if place is None:
            return web.Response(status=503, text="queue is full")
        await place
        return web.Response(text="ok")

    async def private(request: web.Request) -> web.Response:
        target = relay.get(request.match_info["name"])
        if target is None:
            return web.Response(status=404)
        crossed = await cross(request)
        if crossed.status != 200:
            return crossed
        answer = await caller.once(Call(target + "/" + request.match_info["rest"], request.method, 5.0))
        return web.Response(status=answer.status or 502, body=answer.body)

    inner, outer = web.Application(), web.Application()
    inner.router.add_route("*", "/{kind}", cross)
    outer.router.add_route("*", "/{name}/{rest:.*}", private)
    await serve({8080: inner, 8081: outer}, crossing.work())
