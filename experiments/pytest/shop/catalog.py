"""Products: from the cache, else from the database."""

from __future__ import annotations

import os

from aiohttp import web
from redis import asyncio as redis

from shop.service import DB_PROBLEMS, Database, seconds, serve

SCHEMA = """
create table if not exists product (id int primary key, name text not null);
insert into product select n, 'product ' || n from generate_series(0, 999) n on conflict do nothing;
"""
KEPT_S = 30


class Catalog:
    """Products by number."""

    def __init__(self) -> None:
        timeout_s = seconds("CACHE_TIMEOUT")
        self.cache = redis.Redis.from_url(
            f"redis://{os.environ['CACHE']}", socket_timeout=timeout_s, socket_connect_timeout=timeout_s
        )
        self.database = Database(os.environ["DSN"], seconds("DB_TIMEOUT"), SCHEMA)
        self.falls_back = os.environ["CACHE_FALLBACK"] == "database"

    async def product(self, request: web.Request) -> web.Response:
        """From the cache; a miss is read from the database and kept; without a cache the database alone serves."""
        number = int(request.match_info["number"])
        key, cache_answers = f"product:{number}", True
        try:
            if (kept := await self.cache.get(key)) is not None:
                return web.Response(body=kept)
        except (redis.RedisError, OSError):
            cache_answers = False
            if not self.falls_back:
                return web.Response(status=503, text="no cache")
        try:
            rows = await self.database.fetch("select name from product where id = $1", number)
        except DB_PROBLEMS as problem:
            return web.Response(status=503, text=type(problem).__name__)
        if cache_answers:
            await self.keep(key, rows[0]["name"])
        return web.Response(text=rows[0]["name"])

    async def keep(self, key: str, value: str) -> None:
        """For the next one who asks; without it the page is as good."""
        try:
            await self.cache.set(key, value, ex=KEPT_S)
        except (redis.RedisError, OSError):
            return


def routes() -> list[web.RouteDef]:
    """What is answered."""
    return [web.get("/products/{number}", Catalog().product)]


if __name__ == "__main__":
    serve(routes)
