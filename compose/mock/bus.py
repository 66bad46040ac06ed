"""An event bus: takes events and delivers them in order, at most CAPACITY a second. Paused, it keeps them."""

from __future__ import annotations

import asyncio

from aiohttp import web

from mock.backlog import Bus
from mock.calls import Caller
from mock.flagged import add_flags
from mock.flags import Flags
from mock.plans import Call
from mock.server import serve
from mock.settings import env, per_second


async def main() -> None:
    """The service: `POST /events` takes an event, `POST /events/wait` answers when it was delivered."""
    flags = Flags(("paused", "errors"))
    caller, consumer = Caller(), Call(env("CONSUMER"), "POST", 1.0)

    async def send(body: bytes) -> bool:
        return (await caller.once(consumer, body)).good

    bus = Bus(send, per_second(env("CAPACITY")), lambda: bool(flags.get("paused")))

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
