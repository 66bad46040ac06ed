"""The door of a service's flags, the same on every provider service."""

from __future__ import annotations

import json

from aiohttp import web

from mock.flags import Flags

PATH = "/__faults"


def add_flags(app: web.Application, flags: Flags) -> None:
    """Serve PUT and GET of the flags on the application."""

    async def put(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            flags.put(body["flags"], float(body.get("left_s", 0)))
        except (json.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.json_response(flags.answer())

    async def get(_: web.Request) -> web.Response:
        return web.json_response(flags.answer())

    app.router.add_put(PATH, put)
    app.router.add_get(PATH, get)
