"""A provider's plain interfaces: endpoints on ports, each with a little work, some of which a flag can make fail."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from mock.flagged import add_flags
from mock.flags import Flags
from mock.server import serve, sized
from mock.settings import env, pairs, seconds

Handler = Callable[[web.Request], Awaitable[web.Response]]
FLAGS_PORT = 8080


@dataclass(frozen=True)
class Endpoint:
    """`8080 POST /cases flag=cases work=5ms size=200`."""

    port: int
    method: str
    path: str
    flag: str = ""
    work_s: float = 0.002
    size: int = 64


def parse_endpoint(line: str) -> Endpoint:
    """One line of ENDPOINTS."""
    port, method, path, *words = line.split()
    given = pairs(" ".join(words))
    work = seconds(given.get("work", "2ms"))
    return Endpoint(int(port), method, path, given.get("flag", ""), work, int(given.get("size", "64")))


def handler(endpoint: Endpoint, flags: Flags) -> Handler:
    """Read the request, work, answer; 503 while the endpoint's flag says so."""
    body = sized(endpoint.size)

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        if endpoint.flag and flags.fails(endpoint.flag):
            return web.Response(status=503, text=f"{endpoint.path} is impaired")
        await asyncio.sleep(endpoint.work_s)
        return web.Response(body=body)

    return handle


def build(text: str) -> dict[int, web.Application]:
    """The applications by port; flags are served on port 8080 if any endpoint has one."""
    endpoints = [parse_endpoint(line) for line in text.splitlines() if line.strip()]
    flags = Flags(tuple(dict.fromkeys(e.flag for e in endpoints if e.flag)))
    apps: dict[int, web.Application] = defaultdict(web.Application)
    for endpoint in endpoints:
        apps[endpoint.port].router.add_route(endpoint.method, endpoint.path, handler(endpoint, flags))
    if flags.known:
        add_flags(apps[FLAGS_PORT], flags)
    return apps


def main() -> Coroutine[Any, Any, None]:
    """The service."""
    return serve(build(env("ENDPOINTS")))
