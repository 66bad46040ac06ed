"""The interface that changes public DNS: a control plane; the answers are given elsewhere and need nothing of it."""

from __future__ import annotations

from aiohttp import web

from mock.calls import Caller
from mock.flagged import add_flags
from mock.flags import Flags
from mock.plans import Call
from mock.server import serve
from mock.settings import env


async def main() -> None:
    """The service: ANSWERS is where the answering servers take changes."""
    flags, caller, target = Flags(("changes",)), Caller(), env("ANSWERS")

    async def change(request: web.Request) -> web.Response:
        record = await request.read()
        if flags.fails("changes"):
            return web.Response(status=503, text="changes are impaired")
        call = Call(f"{target}/record/{request.match_info['name']}", "PUT", 2.0)
        answer = await caller.once(call, record)
        return web.Response(status=200 if answer.good else 502, text="ok" if answer.good else answer.problem)

    app = web.Application()
    app.router.add_put("/record/{name}", change)
    add_flags(app, flags)
    await serve({8080: app})
