"""The controller's end of a control stream: one long-lived `docker exec` per program of ours.

No port and no token: whoever may use the engine may control our programs, on a remote engine as well. When this
process dies, the engine ends the stream, and the other side undoes what this connection wanted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from docker.models.containers import Container

from harness.model.errors import ClusterError, ControlLost

COMMAND = ["python3", "-S", "-m", "harness.containers.relay"]
CALL_S = 8.0
"""Deadline of one call, seconds. A border that replaces a wedged proxy needs about three."""

CONNECT_S = 20.0
"""How long the other side may take until it holds."""

Answer = dict[str, Any]
Heard = Callable[[str, Answer], None]
"""(name of the other side, event)"""


class ExecStream:
    """Standard streams of a process inside a container, over one socket of the engine."""

    def __init__(self, container: Container, command: list[str]) -> None:
        api = container.client.api  # type: ignore[union-attr]
        created = api.exec_create(container.id, command, stdin=True, tty=False)
        self._holder = api.exec_start(created["Id"], socket=True)
        # The SDK wraps a plain socket for unix and tcp engines, and returns the thing itself for others.
        self._socket: Any = getattr(self._holder, "_sock", self._holder)
        self._socket.settimeout(None)
        self._rest = b""

    def send(self, data: bytes) -> None:
        """To the process's standard input."""
        self._socket.sendall(data)

    def frames(self) -> Any:
        """(stream number, bytes) as they come, 1 = output, 2 = error; ends with the process."""
        while True:
            header = self._exactly(8)
            if header is None:
                return
            number, length = struct.unpack(">BxxxL", header)
            body = self._exactly(length)
            if body is None:
                return
            yield number, body

    def close(self) -> None:
        """Ends the stream; the process reads end-of-file."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._holder.close()
        self._socket.close()

    def _exactly(self, length: int) -> bytes | None:
        while len(self._rest) < length:
            try:
                chunk = self._socket.recv(65536)
            except OSError:
                return None
            if not chunk:
                return None
            self._rest += chunk
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


class ControlStream:
    """One control stream. Calls may come from several threads; events arrive on a thread of this object."""

    what = "program"
    """The kind of the other side, for messages."""

    def __init__(self, stream: ExecStream, name: str, on_event: Heard) -> None:
        self.name = name
        self.clock_offset_us = 0
        """The other side's CLOCK_MONOTONIC minus ours, microseconds."""
        self._stream, self._on_event = stream, on_event
        self._greeted = False
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Answer]] = {}
        self._lock = threading.Lock()
        self._complaint = ""
        self._ended = threading.Event()
        threading.Thread(target=self._read, name=f"{self.what}-{name}", daemon=True).start()

    @classmethod
    def connect(cls, container: Container, owner: str, on_event: Heard) -> Self:
        """Connects as `owner`, as soon as the other side holds; ControlLost if it does not within 20 s.

        `on_event(name, event)` gets every event, and `{"event": "stream_ended"}` when the stream ends unasked.
        """
        deadline = time.monotonic() + CONNECT_S
        while True:
            made = cls(ExecStream(container, COMMAND), str(container.name), on_event)
            try:
                made._greet(owner)
                return made
            except ControlLost as error:
                made.close()
                if time.monotonic() > deadline:
                    what = f"{cls.what} {container.name} does not hold after {CONNECT_S:g} s: {error}"
                    raise ControlLost(f"{what}; see `docker logs {container.name}`") from error
                time.sleep(0.1)

    def close(self) -> None:
        """Ends the stream: the other side undoes at once what this connection wanted."""
        self._ended.set()
        self._stream.close()

    def _greet(self, owner: str) -> None:
        best = 1 << 62
        for _ in range(5):
            before = time.monotonic_ns() // 1000
            answer = self._call("hello", owner=owner)
            after = time.monotonic_ns() // 1000
            if after - before < best:
                best = after - before
                self.clock_offset_us = int(answer["mono_us"]) - (before + after) // 2
        self._greeting(answer)
        self._greeted = True

    def _greeting(self, answer: Answer) -> None:
        """What the other side said about itself."""

    def _call(self, op: str, **fields: Any) -> Answer:
        """One request and its answer; ControlLost without one in time, ClusterError on a no."""
        return self._call_within(CALL_S, op, **fields)

    def _call_within(self, limit_s: float, op: str, **fields: Any) -> Answer:
        number = next(self._numbers)
        box: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        with self._lock:
            self._waiting[number] = box
            if self._ended.is_set():
                box.put(self._gone())
            else:
                self._send(json.dumps({"id": number, "op": op} | fields).encode() + b"\n", box)
        try:
            answer = box.get(timeout=limit_s)
        except queue.Empty:
            raise ControlLost(f"{self.what} {self.name} did not answer {op!r} within {limit_s:g} s") from None
        finally:
            with self._lock:
                del self._waiting[number]
        if not answer.get("ok"):
            kind = ControlLost if self._ended.is_set() else ClusterError
            raise kind(f"{self.what} {self.name} refused {op!r}: {answer.get('error')}")
        return answer

    def _send(self, data: bytes, box: queue.SimpleQueue[Answer]) -> None:
        try:
            self._stream.send(data)
        except OSError:
            box.put(self._gone())

    def _gone(self) -> Answer:
        return {"ok": False, "error": f"its control stream ended {self._complaint}".strip()}

    def _read(self) -> None:
        rest = b""
        for number, body in self._stream.frames():
            if number == 2:
                self._complaint = f"({body.decode(errors='replace').strip()[-300:]})"
                continue
            *whole, rest = (rest + body).split(b"\n")
            for line in whole:
                self._deliver(json.loads(line))
        asked = self._ended.is_set()
        self._ended.set()
        with self._lock:
            for box in self._waiting.values():
                box.put(self._gone())
        if not asked and self._greeted:
            self._on_event(self.name, {"event": "stream_ended"})

    def _deliver(self, message: Answer) -> None:
        if "event" in message:
            self._on_event(self.name, message)
            return
        with self._lock:
            box = self._waiting.get(int(message.get("id") or 0))
        if box is not None:
            box.put(message)
