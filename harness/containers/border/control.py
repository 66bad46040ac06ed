"""The control stream: newline-delimited JSON on a unix socket, several connections at once.

{"id": 1, "op": "renew", "lease_s": 5}     ->  {"id": 1, "ok": true, …} or {"id": 1, "ok": false, "error": "…"}
                                           ->  {"event": "…", …} unasked, to connections that said hello
"""

from __future__ import annotations

import json
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.containers.border.agent import Agent

SOCKET = "/run/regionfall/control.sock"
VERSION = 1
LONGEST_LINE = 4_000_000
"""Bytes; a longer line is answered with an error and skipped."""

Answer = dict[str, Any]


class Session:
    """One connection: reads requests in order, answers each; what it wanted ends when it ends."""

    def __init__(self, agent: Agent, connection: socket.socket, key: int) -> None:
        self._agent, self._connection, self._key = agent, connection, key
        self._owner = ""
        self._second = time.monotonic_ns() // 1_000_000_000 - 1
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._ops: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "hello": self._hello,
            "want": lambda request: agent.want(key, self._owner, request),
            "renew": lambda request: agent.renew(key, float(request["lease_s"])),
            "callees": lambda _: {"up": agent.callees.table(), "why": agent.callees.reasons()},
            "stats": self._stats,
            "down": self._down,
            "status": lambda _: agent.status(),
            "heal": lambda _: agent.heal(),
        }

    def run(self) -> None:
        """Serves until the other side ends."""
        writer = threading.Thread(target=self._write, name="control-writer", daemon=True)
        writer.start()
        try:
            for line in lines(self._connection):
                self._out.put(encoded(self._answer(line)))
        finally:
            if self._say in self._agent.listeners:
                self._agent.listeners.remove(self._say)
            self._agent.forget(self._key)
            self._out.put(None)

    def _answer(self, line: bytes | None) -> Answer:
        if line is None:
            return {"id": None, "ok": False, "error": f"a line of more than {LONGEST_LINE} bytes"}
        try:
            request = json.loads(line)
        except ValueError as error:
            return {"id": None, "ok": False, "error": f"not JSON: {error}"}
        if not isinstance(request, dict):
            return {"id": None, "ok": False, "error": "not a JSON object"}
        head = {"id": request.get("id")}
        op = self._ops.get(str(request.get("op")))
        if op is None:
            return head | {"ok": False, "error": f"unknown op {request.get('op')!r}; known: {', '.join(self._ops)}"}
        try:
            return head | {"ok": True} | op(request)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return head | {"ok": False, "error": f"{type(error).__name__}: {error}"}
        except Exception as error:
            traceback.print_exc()
            return head | {"ok": False, "error": f"the agent failed: {type(error).__name__}: {error}"}

    def _hello(self, request: dict[str, Any]) -> Answer:
        self._owner = str(request.get("owner", ""))
        if self._say not in self._agent.listeners:
            self._agent.listeners.append(self._say)
        config = self._agent.config
        return {
            "border": config.border,
            "version": VERSION,
            "mono_us": time.monotonic_ns() // 1000,
            "edges": [edge.id for edge in config.edges],
        }

    def _stats(self, request: dict[str, Any]) -> Answer:
        answer, self._second = self._agent.stats(self._second, flush=bool(request.get("flush")))
        return answer

    def _down(self, request: dict[str, Any]) -> Answer:
        self._agent.callees.say_down(str(request["service"]), bool(request["down"]))
        return {}

    def _say(self, event: dict[str, Any]) -> None:
        self._out.put(encoded(event))

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


def serve(agent: Agent) -> None:
    """Accepts connections for ever; the border *holds* from the moment this is called."""
    Path(SOCKET).parent.mkdir(exist_ok=True)
    Path(SOCKET).unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(SOCKET)
    Path(SOCKET).chmod(0o600)
    server.listen(64)
    print(f"border {agent.config.border}: holding", file=sys.stderr, flush=True)
    key = 0
    while True:
        connection, _ = server.accept()
        key += 1
        threading.Thread(target=Session(agent, connection, key).run, name=f"control-{key}", daemon=True).start()
