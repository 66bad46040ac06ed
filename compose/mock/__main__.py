"""`KIND=<kind> python3 -m mock`: run one service."""

from __future__ import annotations

import asyncio
import importlib

import uvloop

from mock.settings import env

KINDS = (
    "answers",
    "api",
    "app",
    "bridge",
    "bus",
    "changes",
    "consumer",
    "contact",
    "front",
    "identity",
    "ledger",
    "pool",
    "sessions",
    "store",
)


def main() -> None:
    """Import only the kind that is asked for: forty of these start at once on two cores."""
    kind = env("KIND")
    if kind not in KINDS:
        raise SystemExit(f"KIND={kind!r} is not one of {', '.join(KINDS)}")
    uvloop.install()
    asyncio.run(importlib.import_module(f"mock.{kind}").main())


main()
