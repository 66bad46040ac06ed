"""The name server's program: `python3 -m harness.containers.border.names`, a child of the agent.

Answers on port 53 of every cell's gateway, UDP and TCP. Its rules come over a unix socket, one JSON line each:

{"op": "put", "rules": {"web->orders": [["absent", 0, 1.0]]}}   exactly these hold, for four seconds
{"op": "keep"}                                                  what still holds holds four seconds more
{"op": "read"}                                                  -> {"rules": …} what holds now, the answer to all three
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from harness.containers.border.config import parse_config
from harness.containers.border.names.answers import Reply, reply
from harness.containers.border.names.book import Book
from harness.containers.border.names.process import SOCKET
from harness.containers.border.names.rules import Rules
from harness.model.names import NameRule

_PORT = 53
_MOST_WAITING = 4096
"""Late answers that wait at one time; a question beyond them is not answered."""
_LINE_S = 30.0


class Server:
    """All listeners of one border."""

    def __init__(self, book: Book) -> None:
        self._book, self._rules = book, Rules()
        self._waiting = 0

    async def run(self, addresses: list[str]) -> None:
        """Listens on all addresses, then on the control socket; serves for ever."""
        loop = asyncio.get_running_loop()
        for address in addresses:
            await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(address, _PORT))
            await asyncio.start_server(self._stream, address, _PORT)
        Path(SOCKET).parent.mkdir(exist_ok=True)
        Path(SOCKET).unlink(missing_ok=True)
        control = await asyncio.start_unix_server(self._control, SOCKET)
        Path(SOCKET).chmod(0o600)
        await control.serve_forever()

    def answer(self, message: bytes, guest: str) -> Reply | None:
        """What a guest gets; None: nothing."""
        return reply(message, guest, self._book, self._rules, time.monotonic())

    def later(self, delay_s: float, transport: asyncio.DatagramTransport, message: bytes, to: tuple[str, int]) -> None:
        """Sends an answer when its time has come."""
        if self._waiting >= _MOST_WAITING:
            return
        self._waiting += 1

        def send() -> None:
            self._waiting -= 1
            transport.sendto(message, to)

        asyncio.get_running_loop().call_later(delay_s, send)

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        guest = str(writer.get_extra_info("peername")[0])
        with suppress(asyncio.IncompleteReadError, TimeoutError, OSError):
            while True:
                size = await asyncio.wait_for(reader.readexactly(2), _LINE_S)
                message = await asyncio.wait_for(reader.readexactly(int.from_bytes(size, "big")), _LINE_S)
                found = self.answer(message, guest)
                if found is None:
                    break
                await asyncio.sleep(found.delay_s)
                writer.write(len(found.message).to_bytes(2, "big") + found.message)
        writer.close()

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ValueError, OSError):
            while line := await reader.readline():
                writer.write(json.dumps(self._obey(json.loads(line))).encode() + b"\n")
        writer.close()

    def _obey(self, request: dict[str, Any]) -> dict[str, Any]:
        now = time.monotonic()
        try:
            if request["op"] == "put":
                rules = {str(p): tuple(map(NameRule.from_wire, listed)) for p, listed in request["rules"].items()}
                self._rules.put(rules, now)
            elif request["op"] == "keep":
                self._rules.keep(now)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return {"error": f"{type(error).__name__}: {error}"}
        held = self._rules.read(now)
        return {"rules": {pair: [rule.to_wire() for rule in rules] for pair, rules in held.items()}}


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = self._server.answer(data, addr[0])
        if found is None or self._transport is None:
            return
        if found.delay_s:
            self._server.later(found.delay_s, self._transport, found.message, addr)
        else:
            self._transport.sendto(found.message, addr)


def main() -> int:
    """Serves for ever; 1 with a message if a port cannot be had."""
    config = parse_config(os.environ["REGIONFALL_BORDER"])
    try:
        asyncio.run(Server(Book(config)).run([cell.gateway for cell in config.cells if cell.gateway]))
    except OSError as error:
        print(f"name server of {config.border}: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
