"""Object store and key-value store: the same content on a public port and on the private-endpoint port."""

from __future__ import annotations

import asyncio

from aiohttp import web

from mock.server import serve, sized
from mock.settings import env, pairs

WORK_S = 0.003


class Store:
    """Names to bytes, in memory; the oldest of too many names goes."""

    def __init__(self, sizes: dict[str, str], most: int = 10_000) -> None:
        self.items = {name: sized(int(size), name) for name, size in sizes.items()}
        self.most = most

    def put(self, name: str, body: bytes) -> None:
        """Keep a body under a name."""
        self.items[name] = body
        if len(self.items) > self.most:
            self.items.pop(next(iter(self.items)))

    async def answer_get(self, request: web.Request) -> web.Response:
        """The body under the name of the path."""
        await asyncio.sleep(WORK_S)
        body = self.items.get(request.match_info["name"])
        return web.Response(status=404) if body is None else web.Response(body=body)

    async def answer_put(self, request: web.Request) -> web.Response:
        """Keep what was sent."""
        self.put(request.match_info["name"], await request.read())
        await asyncio.sleep(WORK_S)
        return web.Response(status=201)


def application(store: Store) -> web.Application:
    """One door of the store."""
    app = web.Application()
    app.router.add_get("/{name}", store.answer_get)
    app.router.add_put("/{name}", store.answer_put)
    return app


async def main() -> None:
    """The service: CONTENT names what is there from the start, with sizes in bytes."""
    store = Store(pairs(env("CONTENT")))
    await serve({8080: application(store), 8081: application(store)})
