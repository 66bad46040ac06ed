"""A managed contact centre: takes calls only while the gateway under it is well.

Too many bad answers among the last ones and it takes no calls; it opens again after a row of good probes.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from mock.calls import Caller
from mock.doorkeeper import Doorkeeper
from mock.plans import Call
from mock.server import serve
from mock.settings import env, env_seconds, share


async def probe(keeper: Doorkeeper, caller: Caller, call: Call, every_s: float, burst: int) -> None:
    """Ask the gateway while shut, a few calls in a row each time: single ones would keep step with other traffic and
    so meet always the same servers."""
    while True:
        await asyncio.sleep(every_s)
        for _ in range(burst if not keeper.open else 0):
            keeper.learn((await caller.once(call)).good)


async def main() -> None:
    """The service: a call is one request through GATEWAY."""
    keeper, caller = Doorkeeper(int(env("WINDOW")), share(env("BAD_SHARE"))), Caller()
    through = Call(env("GATEWAY"), timeout_s=env_seconds("TIMEOUT"))

    async def take(_: web.Request) -> web.Response:
        if not keeper.open:
            return web.Response(status=503, text="no lines")
        answer = await caller.once(through)
        keeper.learn(answer.good)
        return web.Response(text="connected") if answer.good else web.Response(status=503, text="call failed")

    app = web.Application()
    app.router.add_get("/call", take)
    await serve({8080: app}, probe(keeper, caller, through, env_seconds("PROBE_EVERY"), int(env("PROBES"))))
