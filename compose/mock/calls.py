"""One try of a call over HTTP, with its timeout. Connections are kept, or new for each call."""

from __future__ import annotations

import aiohttp

from mock.plans import Call
from mock.tries import Answer, Tries


class Caller(Tries):
    """Calls over HTTP. Must be made inside the running loop."""

    def __init__(self) -> None:
        super().__init__()
        # limit=0: aiohttp's default of 100 connections is a bulkhead that nobody asked for
        self.kept = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.fresh = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))

    async def once(self, call: Call, data: bytes | None = None) -> Answer:
        """One try of one call; never raises for what the network or the callee does."""
        session = self.fresh if call.new else self.kept
        timeout = aiohttp.ClientTimeout(total=call.timeout_s)
        try:
            async with session.request(call.method, call.url, data=data, timeout=timeout) as response:
                return Answer(response.status, await response.read(), "" if response.status < 300 else call.url)
        except TimeoutError:
            return Answer(0, problem=f"{call.url}: no answer in {call.timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as problem:
            return Answer(0, problem=f"{call.url}: {type(problem).__name__}")
