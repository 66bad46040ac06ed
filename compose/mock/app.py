"""A service that is its calls: routes with their steps, and work that it does by itself at a steady rate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from mock.calls import Caller
from mock.plans import Steady, Step, parse_routes, parse_steady
from mock.policy import Client
from mock.server import serve
from mock.settings import env

Handler = Callable[[web.Request], Awaitable[web.Response]]


async def keep_up(steady: Steady, client: Client) -> None:
    """Start the step at its rate, whatever became of the earlier ones."""
    loop, running = asyncio.get_running_loop(), set()
    due = loop.time()
    while True:
        due = max(due + 1 / steady.per_s, loop.time() - 1)
        await asyncio.sleep(due - loop.time())
        task = asyncio.create_task(client.run(steady.step))
        running.add(task)
        task.add_done_callback(running.discard)


def handler(steps: tuple[Step, ...], caller: Caller) -> Handler:
    """Do the steps; the body of the last one is the answer."""

    async def handle(_: web.Request) -> web.Response:
        answer = await caller.steps(steps)
        if answer.good:
            return web.Response(body=answer.body)
        return web.Response(status=503, text=answer.problem or "failed")

    return handle


async def main() -> None:
    """The service: ROUTES on port 8080, STEADY in the background."""
    caller, app = Caller(), web.Application()
    for path, steps in parse_routes(env("ROUTES", "")).items():
        app.router.add_route("*", path, handler(steps, caller))
    backoff = env("BACKOFF", "holdoff")
    steady = parse_steady(env("STEADY", ""))
    await serve({8080: app}, *(keep_up(one, Client(caller, backoff)) for one in steady))
