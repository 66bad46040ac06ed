"""The front: product pages from the nearest catalogue that answers, orders from the one place that takes them."""

from __future__ import annotations

import asyncio
import itertools
import os

import aiohttp
from aiohttp import web

from shop.service import seconds, serve

PROBLEMS = (aiohttp.ClientError, OSError, asyncio.TimeoutError)
PRODUCTS = 200


class Front:
    """The pages."""

    def __init__(self) -> None:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.numbers = itertools.cycle(range(PRODUCTS))

    async def ask(self, method: str, url: str, timeout_s: float) -> tuple[int, bytes]:
        """Status and body of one call; one of PROBLEMS when there is no answer in time."""
        async with self.session.request(method, url, timeout=aiohttp.ClientTimeout(total=timeout_s)) as answer:
            return answer.status, await answer.read()

    async def product(self, request: web.Request) -> web.Response:
        """One catalogue after the other, until one answers well."""
        path = f"/products/{next(self.numbers)}"
        for catalog in os.environ["CATALOGS"].split():
            try:
                status, body = await self.ask("GET", catalog + path, seconds("CATALOG_TIMEOUT"))
            except PROBLEMS:
                continue
            if status == 200:
                return web.Response(body=body)
        return web.Response(status=503, text="no catalogue answers")

    async def orders(self, request: web.Request) -> web.Response:
        """What the orders service says, as it is."""
        url = os.environ["ORDERS"] + request.path
        try:
            status, body = await self.ask(request.method, url, seconds("ORDERS_TIMEOUT"))
        except PROBLEMS as problem:
            return web.Response(status=504, text=type(problem).__name__)
        return web.Response(status=status, body=body)


def routes() -> list[web.RouteDef]:
    """What is answered."""
    front = Front()
    return [web.get("/product", front.product), web.get("/orders", front.orders), web.post("/buy", front.orders)]


if __name__ == "__main__":
    serve(routes)
