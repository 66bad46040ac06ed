"""Running an application on its ports until the container is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

from aiohttp import web

Background = Coroutine[Any, Any, None]


async def serve(apps: Mapping[int, web.Application], *background: Background) -> None:
    """Listen on every port and run the background work until SIGTERM or SIGINT; raise what background work raises."""
    logging.basicConfig(level=logging.ERROR)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    for port, app in apps.items():
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port, backlog=1024).start()
    tasks = [asyncio.create_task(work) for work in background]
    waiter = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([waiter, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in done - {waiter}:
        task.result()
        raise RuntimeError("background work ended by itself")


def sized(size: int, text: str = "ok") -> bytes:
    """A body of `size` bytes."""
    return text.encode().ljust(size, b".")
