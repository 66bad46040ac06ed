"""A wallet: a payment is a transaction in PostgreSQL and an event for whoever settles it. Both must work."""

from __future__ import annotations

import asyncio
import itertools

import asyncpg
from aiohttp import web

from mock.calls import Caller
from mock.plans import parse_call
from mock.server import serve
from mock.settings import env

SCHEMA = """
create table if not exists account (id int primary key, balance bigint not null);
create table if not exists payment (id bigserial primary key, payer int, payee int, state text not null);
insert into account select n, 1000000 from generate_series(1, 100) n on conflict do nothing;
"""
ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)


class Ledger:
    """Payments between a hundred accounts."""

    def __init__(self, dsn: str) -> None:
        self.dsn, self.pool, self.payers = dsn, None, itertools.cycle(range(1, 101))

    async def open(self) -> asyncpg.Pool:
        """The pool of connections, made on first use."""
        if self.pool is None:
            pool = await asyncpg.create_pool(self.dsn, min_size=1, max_size=8, timeout=2, command_timeout=2)
            try:
                await pool.execute(SCHEMA)
            except BaseException:
                pool.terminate()
                raise
            self.pool = pool
        return self.pool

    async def begin(self) -> int:
        """Move one coin and write the payment down as pending; its number."""
        payer = next(self.payers)
        payee = payer % 100 + 1
        pool = await self.open()
        async with pool.acquire(timeout=2) as connection, connection.transaction():
            await connection.execute("update account set balance = balance - 1 where id = $1", payer)
            await connection.execute("update account set balance = balance + 1 where id = $1", payee)
            sql = "insert into payment (payer, payee, state) values ($1, $2, 'pending') returning id"
            return int(await connection.fetchval(sql, payer, payee))

    async def settle(self, payment: int, good: bool) -> None:
        """Write down what became of a payment."""
        sql = "update payment set state = $2 where id = $1"
        await (await self.open()).execute(sql, payment, "sent" if good else "failed")


async def connect(ledger: Ledger) -> None:
    """Open the pool before the first request, however late the database comes; then leave the requests to it."""
    while True:
        try:
            await ledger.open()
            await asyncio.Event().wait()
        except ERRORS:
            await asyncio.sleep(0.5)


async def main() -> None:
    """The service: DSN is the database, PUBLISH the call that announces a payment."""
    ledger, caller, publish = Ledger(env("DSN")), Caller(), parse_call(env("PUBLISH"))

    async def pay(_: web.Request) -> web.Response:
        try:
            payment = await ledger.begin()
            good = (await caller.call(publish, b"payment")).good
            await ledger.settle(payment, good)
        except ERRORS as problem:
            return web.Response(status=503, text=type(problem).__name__)
        return web.Response(text="paid") if good else web.Response(status=503, text="payment failed")

    app = web.Application()
    app.router.add_route("*", "/pay", pay)
    await serve({8080: app}, connect(ledger))
