"""An event bus: takes events, delivers them to its consumer in order, at most CAPACITY a second. Paused, it keeps them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from aiohttp import web

from mock.calls import Caller
from mock.flags import Flags, add_flags
from mock.plans import Call
from mock.server import serve
from mock.settings import env, per_second

LOOK_S = 0.1
MOST = 100_000


@dataclass(frozen=True)
class Event:
    """Something published; `delivered` is done when its consumer has taken it."""

    body: bytes
    delivered: asyncio.Future[None]


class Bus:
    """The queue and its dispatcher."""

    def __init__(self, caller: Caller, consumer: str, capacity: float, flags: Flags) -> None:
        self.caller, self.flags = caller, flags
        self.call, self.gap_s = Call(consumer, "POST", 1.0), 1 / capacity
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
            if self.flags.get("paused"):
                await asyncio.sleep(LOOK_S)
                continue
            due = max(due + self.gap_s, loop.time())
            await asyncio.sleep(due - loop.time())
            task = asyncio.create_task(self.deliver(self.queue.popleft()))
            self.running.add(task)
            task.add_done_callback(self.running.discard)

    async def deliver(self, event: Event) -> None:
        """One delivery; an event that was not taken goes back to the front of the queue."""
        if (await self.caller.once(self.call, event.body)).good:
            if not event.delivered.done():
                event.delivered.set_result(None)
            return
        self.queue.appendleft(event)
        self.wake.set()


async def main() -> None:
    """The service: `POST /events` takes an event, `POST /events/wait` answers when it was delivered."""
    flags = Flags(("paused", "errors"))
    bus = Bus(Caller(), env("CONSUMER"), per_second(env("CAPACITY")), flags)

    async def publish(request: web.Request) -> web.Response:
        body = await request.read()
        event = None if flags.fails("errors") else bus.publish(body)
        if event is None:
            return web.Response(status=503, text="not taken")
        if request.path.endswith("/wait"):
            await asyncio.shield(event.delivered)
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/events", publish)
    app.router.add_post("/events/wait", publish)
    add_flags(app, flags)
    await serve({8080: app}, bus.dispatch())
