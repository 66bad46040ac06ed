"""The control stream of our programs: newline-delimited JSON on a unix socket, several connections at once.

{"id": 1, "op": "renew", "lease_s": 5}     ->  {"id": 1, "ok": true, …} or {"id": 1, "ok": false, "error": "…"}
                                           ->  {"event": "…", …} unasked, to connections that said hello
"""

from __future__ import annotations

import json
import queue
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

SOCKET = "/run/regionfall/control.sock"
LONGEST_LINE = 4_000_000
"""Bytes; a longer line is answered with an error and skipped."""

Answer = dict[str, Any]
Op = Callable[[dict[str, Any]], Answer]


class Served(Protocol):
    """What one connection may ask for, and what its end means."""

    @property
    def ops(self) -> Mapping[str, Op]:
        """Request name -> what answers it."""

    def ended(self) -> None:
        """The connection is over: whatever it wanted must go."""


class Session:
    """One connection: reads requests in order, answers each by what `serve` makes for it."""

    def __init__(self, connection: socket.socket, key: int, serve: Callable[[Session, int], Served]) -> None:
        self._connection = connection
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._served = serve(self, key)

    def run(self) -> None:
        """Serves until the other side ends."""
        writer = threading.Thread(target=self._write, name="control-writer", daemon=True)
        writer.start()
        try:
            for line in lines(self._connection):
                self._out.put(encoded(self._answer(line)))
        finally:
            self._served.ended()
            self._out.put(None)

    def say(self, event: dict[str, Any]) -> None:
        """Tell the other side something that it did not ask for."""
        self._out.put(encoded(event))

    def _answer(self, line: bytes | None) -> Answer:
        if line is None:
            return {"id": None, "ok": False, "error": f"a line of more than {LONGEST_LINE} bytes"}
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as error:
            return {"id": None, "ok": False, "error": f"not JSON: {error}"}
        if not isinstance(request, dict):
            return {"id": None, "ok": False, "error": "not a JSON object"}
        head, ops = {"id": request.get("id")}, self._served.ops
        op = ops.get(str(request.get("op")))
        if op is None:
            return head | {"ok": False, "error": f"unknown op {request.get('op')!r}; known: {', '.join(ops)}"}
        try:
            return head | {"ok": True} | op(request)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return head | {"ok": False, "error": f"{type(error).__name__}: {error}"}
        except Exception as error:
            traceback.print_exc()
            return head | {"ok": False, "error": f"the program failed: {type(error).__name__}: {error}"}

    def _write(self) -> None:
        """A reader that stalls blocks this thread only."""
        try:
            while (message := self._out.get()) is not None:
                self._connection.sendall(message)
        except OSError:
            pass
        finally:
            self._connection.close()


def lines(connection: socket.socket) -> Iterator[bytes | None]:
    """Whole lines; None for one that is too long. What follows the last newline is an unfinished line: ignored."""
    rest, skipping = b"", False
    while True:
        try:
            chunk = connection.recv(65536)
        except OSError:
            return
        if not chunk:
            return
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if skipping:
                skipping = False
            elif line.strip():
                yield line
        if len(rest) > LONGEST_LINE:
            if not skipping:
                yield None
            rest, skipping = b"", True


def encoded(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def accept(name: str, serve: Callable[[Session, int], Served]) -> None:
    """Accepts connections for ever, each served by what `serve(session, number)` makes; `name` *holds* from here on."""
    Path(SOCKET).parent.mkdir(exist_ok=True)
    Path(SOCKET).unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(SOCKET)
    Path(SOCKET).chmod(0o600)
    server.listen(64)
    print(f"{name}: holding", file=sys.stderr, flush=True)
    key = 0
    while True:
        connection, _ = server.accept()
        key += 1
        threading.Thread(target=Session(connection, key, serve).run, name=f"control-{key}", daemon=True).start()
