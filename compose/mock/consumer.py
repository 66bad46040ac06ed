"""Somebody who lives from events: takes deliveries, and says whether any came lately."""

from __future__ import annotations

import time

from aiohttp import web

from mock.server import serve
from mock.settings import env_seconds


async def main() -> None:
    """The service: `POST /deliver` from the bus, `GET /working` is 200 if a delivery came within FRESH."""
    fresh_s, last = env_seconds("FRESH"), [0.0]

    async def deliver(request: web.Request) -> web.Response:
        await request.read()
        last[0] = time.monotonic()
        return web.Response(text="ok")

    async def working(_: web.Request) -> web.Response:
        idle_s = time.monotonic() - last[0]
        return web.Response(text="ok") if idle_s <= fresh_s else web.Response(status=503, text="nothing to do")

    app = web.Application()
    app.router.add_post("/deliver", deliver)
    app.router.add_get("/working", working)
    await serve({8080: app})
