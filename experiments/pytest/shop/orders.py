"""Orders: listed from the database, or from memory while it is too slow; paid with the retries that are affordable."""

from __future__ import annotations

import os

import aiohttp
from aiohttp import web

from shop.service import DB_PROBLEMS, Database, seconds, serve

SCHEMA = """
create table if not exists purchase (id bigserial primary key, made timestamptz not null default now());
insert into purchase select from generate_series(1, 20);
"""
LIST = "select id from purchase order by id desc limit 20"


class Budget:
    """Retries as a share of calls: every call earns `share` of one, at most ten are saved up. None: no limit."""

    def __init__(self, share: float | None) -> None:
        self.share, self.saved = share, 10.0

    def earn(self) -> None:
        """A call was made."""
        self.saved = min(10.0, self.saved + (self.share or 0))

    def spend(self) -> bool:
        """Whether one more retry is affordable; takes it if so."""
        if self.share is None:
            return True
        if self.saved < 1:
            return False
        self.saved -= 1
        return True


class Orders:
    """The list of orders, and new ones."""

    def __init__(self) -> None:
        self.database = Database(os.environ["DSN"], seconds("DB_TIMEOUT"), SCHEMA)
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        share = os.environ["RETRY_BUDGET"].removesuffix("%")
        self.budget = Budget(float(share) / 100 if share else None)
        self.last = ""

    async def listed(self, request: web.Request) -> web.Response:
        """The newest orders, or those of the last time with a header that says so."""
        try:
            rows = await self.database.fetch(LIST)
        except DB_PROBLEMS as problem:
            if not self.last:
                return web.Response(status=503, text=type(problem).__name__)
            return web.Response(text=self.last, headers={"Warning": '110 - "stale"'})
        self.last = ",".join(str(row["id"]) for row in rows)
        return web.Response(text=self.last)

    async def buy(self, request: web.Request) -> web.Response:
        """Charge, with retries at once as far as the budget goes."""
        self.budget.earn()
        if not await self.charged():
            for _ in range(int(os.environ["RETRIES"])):
                if not self.budget.spend():
                    break
                if await self.charged():
                    return web.Response(text="paid")
            return web.Response(status=503, text="payment failed")
        return web.Response(text="paid")

    async def charged(self) -> bool:
        """One try."""
        timeout = aiohttp.ClientTimeout(total=seconds("PAYMENTS_TIMEOUT"))
        try:
            async with self.session.post(os.environ["PAYMENTS"], timeout=timeout) as answer:
                await answer.read()
                return answer.status == 200
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


def routes() -> list[web.RouteDef]:
    """What is answered."""
    orders = Orders()
    return [web.get("/orders", orders.listed), web.post("/buy", orders.buy)]


if __name__ == "__main__":
    serve(routes)
