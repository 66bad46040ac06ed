"""Identity: tokens are issued on 8080, keys to verify them are given on 8081, people log in on 8082."""

from __future__ import annotations

import asyncio
import secrets

from aiohttp import web

from mock.flagged import add_flags
from mock.flags import Flags
from mock.server import serve
from mock.settings import env_seconds
from mock.tokens import issue

WORK_S = 0.003


async def main() -> None:
    """The service. LIFE is how long a token is good."""
    key, life_s, flags = secrets.token_bytes(32), env_seconds("LIFE"), Flags(("login", "issue"))

    async def token(request: web.Request) -> web.Response:
        await asyncio.sleep(WORK_S)
        if flags.fails(request.path.strip("/")):
            return web.Response(status=503, text="cannot do that now")
        return web.Response(text=issue(key, request.query.get("subject", "somebody"), life_s))

    async def keys(_: web.Request) -> web.Response:
        return web.Response(text=key.hex())

    issuing, verifying, login = (web.Application() for _ in range(3))
    issuing.router.add_post("/issue", token)
    login.router.add_post("/login", token)
    verifying.router.add_get("/keys", keys)
    add_flags(issuing, flags)
    await serve({8080: issuing, 8081: verifying, 8082: login})
