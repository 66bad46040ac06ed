"""The servers behind the gateway: a port each. One that is latched fails its requests until it has been replaced.

A replacement is a launch at the control plane; they are made in pairs, and a pair takes its time once launched.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from mock.calls import Caller
from mock.flagged import add_flags
from mock.flags import Flags
from mock.instances import Pool
from mock.plans import Call
from mock.server import serve
from mock.settings import env, env_seconds

FIRST_PORT = 9001
WORK_S = 0.003


async def latch(pool: Pool, flags: Flags, every_s: float) -> None:
    """While the flag names a number, latch one instance after another up to it."""
    while True:
        most = int(flags.get("latch"))
        if not most:
            await asyncio.sleep(0.2)
            continue
        pool.latch_one(most)
        await asyncio.sleep(every_s)


async def repair(pool: Pool, launch: Call, retry_s: float, replace_s: float) -> None:
    """Launch replacements for latched instances, batch after batch; a failed launch is tried again."""
    caller = Caller()
    while True:
        batch = pool.batch()
        if not batch or not (await caller.once(launch)).good:
            await asyncio.sleep(retry_s)
            continue
        await asyncio.sleep(replace_s)
        pool.replace(batch)


def instance(pool: Pool, index: int) -> web.Application:
    """The door of one instance."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        if pool.latched[index]:
            return web.Response(status=503, text="unhealthy until replaced")
        await asyncio.sleep(WORK_S)
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    return app


async def main() -> None:
    """The service: SIZE instances, LAUNCH is asked for replacements."""
    pool, flags, admin = Pool(int(env("SIZE"))), Flags(("latch",)), web.Application()
    add_flags(admin, flags)
    apps = {FIRST_PORT + index: instance(pool, index) for index in range(len(pool.latched))}
    launch = Call(env("LAUNCH"), "POST", env_seconds("LAUNCH_TIMEOUT"), new=True)
    repairing = repair(pool, launch, env_seconds("RETRY"), env_seconds("REPLACE"))
    await serve({8080: admin, **apps}, latch(pool, flags, env_seconds("LATCH_EVERY")), repairing)
