"""Drivers: whoever has a route works on with the session in the cache, a new shift needs a login.

A session is verified with the identity provider's keys, asked for once per KEYS_TTL and used on if that fails.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable

import redis.asyncio as redis
from aiohttp import web

from mock.calls import Caller
from mock.plans import Call, parse_call
from mock.server import serve
from mock.settings import env, env_seconds
from mock.tokens import verify

DRIVERS = 50
ERRORS = (redis.RedisError, OSError, asyncio.TimeoutError)


class Keys:
    """The verifying key, cached; an old one is better than none."""

    def __init__(self, caller: Caller, call: Call, ttl_s: float) -> None:
        self.caller, self.call, self.ttl_s = caller, call, ttl_s
        self.key, self.asked = b"", -ttl_s

    async def get(self) -> bytes:
        """The key that is known, asked for again when its time is over."""
        if time.monotonic() - self.asked >= self.ttl_s:
            self.asked = time.monotonic()
            answer = await self.caller.once(self.call)
            if answer.good:
                self.key = bytes.fromhex(answer.body.decode())
        return self.key


class Drivers:
    """Sessions in the cache and what is done with them."""

    def __init__(self, store: redis.Redis, caller: Caller, login: Call, keys: Keys) -> None:
        self.store, self.caller, self.login, self.keys = store, caller, login, keys
        self.turn = itertools.cycle(range(DRIVERS))

    async def log_in(self, driver: int) -> bool:
        """A new session for a driver, if identity gives one."""
        answer = await self.caller.call(self.login)
        if answer.good:
            await self.store.set(f"session:{driver}", answer.body)
        return answer.good

    async def stop(self, driver: int) -> bool:
        """One stop of a loaded route: a good session, and the stop is written down."""
        token = await self.store.get(f"session:{driver}")
        if token is None or not verify(await self.keys.get(), token.decode()):
            return False
        await self.store.incr(f"stops:{driver}")
        return True


async def load_routes(drivers: Drivers, renew_s: float) -> None:
    """In the morning every driver logs in; later each tries to get a new session long before the old one ends."""
    for driver in range(DRIVERS):
        while not await settled(drivers.log_in(driver)):
            await asyncio.sleep(0.5)
    while True:
        await asyncio.sleep(renew_s)
        for driver in range(DRIVERS):
            await settled(drivers.log_in(driver))


async def settled(work: Awaitable[bool]) -> bool:
    """Whether it worked; an unreachable cache is no."""
    try:
        return await work
    except ERRORS:
        return False


async def main() -> None:
    """The service: `/stop` for drivers on the road, `/login` for those who begin (never the ones on the road)."""
    caller, host, port = Caller(), *env("CACHE").split(":")
    store = redis.Redis(host=host, port=int(port), socket_timeout=1, socket_connect_timeout=1)
    keys = Keys(caller, parse_call(env("KEYS")), env_seconds("KEYS_TTL"))
    drivers = Drivers(store, caller, parse_call(env("LOGIN")), keys)

    async def stop(_: web.Request) -> web.Response:
        done = await settled(drivers.stop(next(drivers.turn)))
        return web.Response(text="done") if done else web.Response(status=503, text="no route")

    async def login(_: web.Request) -> web.Response:
        done = await settled(drivers.log_in(DRIVERS))
        return web.Response(text="welcome") if done else web.Response(status=503, text="cannot log in")

    app = web.Application()
    app.router.add_route("*", "/stop", stop)
    app.router.add_route("*", "/login", login)
    await serve({8080: app}, load_routes(drivers, env_seconds("RENEW")))
