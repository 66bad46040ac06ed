"""What all programs of the shop share: settings, serving, the database."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence

import asyncpg
from aiohttp import web

DB_PROBLEMS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, asyncio.TimeoutError)
PORT = 8080


def seconds(name: str) -> float:
    """A time from the environment: `300ms` or `2s`."""
    text = os.environ[name]
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text.removesuffix("s"))


def serve(made: Callable[[], Sequence[web.RouteDef]]) -> None:
    """Answer until the container is told to stop. `made` gives the routes, inside the running loop."""

    async def application() -> web.Application:
        app = web.Application()
        app.add_routes(made())
        return app

    logging.basicConfig(level=logging.ERROR)
    web.run_app(application(), port=PORT, access_log=None, print=None, backlog=1024)


class Database:
    """A pool of connections. Whatever is asked is answered within the timeout or not at all."""

    def __init__(self, dsn: str, timeout_s: float, schema: str) -> None:
        self.dsn, self.timeout_s, self.schema = dsn, timeout_s, schema
        self.pool: asyncpg.Pool | None = None
        self.opening = asyncio.Lock()
        self.warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        """A standby that opens its first connection when the other region is gone would be late."""
        while self.pool is None:
            try:
                await self._open()
            except DB_PROBLEMS:
                await asyncio.sleep(0.5)

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Rows; one of DB_PROBLEMS when there are none in time."""
        async with asyncio.timeout(self.timeout_s):
            pool = await self._open()
            connection = await pool.acquire()
            try:
                return await connection.fetch(sql, *values)
            except BaseException:
                connection.terminate()  # an answer that comes late must not meet the next question
                raise
            finally:
                await pool.release(connection)

    async def _open(self) -> asyncpg.Pool:
        async with self.opening:
            if self.pool is None:
                pool = await asyncpg.create_pool(self.dsn, min_size=1, max_size=20)
                try:
                    await pool.execute(self.schema)
                except BaseException:
                    pool.terminate()
                    raise
                self.pool = pool
        return self.pool
