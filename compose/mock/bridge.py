"""The devices between the provider's internal and main networks: few workers behind one bounded queue.

Port 8080 takes the internal clients' own traffic. Port 8081 is the private path: `/NAME/rest` crosses and goes on to
the service NAME of RELAY. Both share the workers, so that traffic of the one kind can starve the other.
"""

from __future__ import annotations

from aiohttp import web

from mock.calls import Caller
from mock.crossing import Crossing
from mock.plans import Call
from mock.server import serve
from mock.settings import env, env_seconds, pairs


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
