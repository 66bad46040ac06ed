"""The controller's end of a border's control stream: one long-lived `docker exec` per border.

No port and no token: whoever may use the engine may control the borders, on a remote engine as well. When this
process dies, the engine ends the stream, and the border heals what this connection wanted.
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
from collections.abc import Callable, Mapping
from typing import Any

from docker.models.containers import Container

from harness.model.effect import Effect
from harness.model.errors import ClusterError, ControlLost

COMMAND = ["python3", "-S", "-m", "harness.containers.border.relay"]
CALL_S = 8.0
"""Deadline of one call, seconds. A border that replaces a wedged proxy needs about three."""

CONNECT_S = 20.0
"""How long a border may take until it holds."""

Answer = dict[str, Any]
Faults = Mapping[str, tuple[float, Mapping[str, Effect]]]
"""Injection -> (seconds left, edge -> effect)."""

Flags = Mapping[str, tuple[float, Mapping[str, Mapping[str, Any]]]]
"""Injection -> (seconds left, service -> flag -> value)."""


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


class Border:
    """One border's control stream. Calls may come from several threads; events arrive on a thread of this object."""

    def __init__(self, stream: ExecStream, name: str, on_event: Callable[[str, Answer], None]) -> None:
        self.region = name
        self.edges: tuple[str, ...] = ()
        self.clock_offset_us = 0
        """The border's CLOCK_MONOTONIC minus ours, microseconds."""
        self._stream, self._on_event = stream, on_event
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Answer]] = {}
        self._lock = threading.Lock()
        self._complaint = ""
        self._ended = threading.Event()
        threading.Thread(target=self._read, name=f"border-{name}", daemon=True).start()

    @classmethod
    def connect(cls, container: Container, owner: str, on_event: Callable[[str, Answer], None]) -> Border:
        """Connects as `owner`, as soon as the border holds; ControlLost if it does not within 20 s.

        `on_event(region, event)` gets every event, and `{"event": "stream_ended"}` when the stream ends unasked.
        """
        deadline = time.monotonic() + CONNECT_S
        while True:
            border = cls(ExecStream(container, COMMAND), str(container.name), on_event)
            try:
                border._greet(owner)
                return border
            except ControlLost as error:
                border.close()
                if time.monotonic() > deadline:
                    what = f"border {container.name} does not hold after {CONNECT_S:g} s: {error}"
                    raise ControlLost(f"{what}; see `docker logs {container.name}`") from error
                time.sleep(0.1)

    def want(self, faults: Faults, flags: Flags, lease_s: float) -> Answer:
        """Everything that should hold on this border from now on; what holds by read-back, and what is missing."""
        return self._call(
            "want",
            lease_s=lease_s,
            faults={
                injection: {"left_s": left, "edges": {edge: effect.to_wire() for edge, effect in edges.items()}}
                for injection, (left, edges) in faults.items()
            },
            flags={
                injection: {"left_s": left, "services": {service: dict(told) for service, told in services.items()}}
                for injection, (left, services) in flags.items()
            },
        )

    def renew(self, lease_s: float) -> Answer:
        """Prolongs the lease; which injections still hold by fresh read-back, and which were lost and why."""
        return self._call("renew", lease_s=lease_s)

    def stats(self, *, flush: bool = False) -> Answer:
        """What this border saw since the last call; `flush` includes seconds that are not complete yet."""
        return self._call("stats", flush=flush)

    def callees(self) -> dict[str, bool]:
        """`callee:port` -> up, for every callee that this border reaches directly."""
        return {str(name): bool(up) for name, up in self._call("callees")["up"].items()}

    def callee_reasons(self) -> dict[str, str]:
        """`callee:port` -> why it is not up."""
        return {str(name): str(why) for name, why in self._call("callees")["why"].items()}

    def down(self, service: str, down: bool) -> None:
        """Tells the border that a service's process is gone, or may be back."""
        self._call("down", service=service, down=down)

    def status(self) -> Answer:
        """All injections of all owners on this border, and its disturbances."""
        return self._call("status")

    def heal(self) -> Answer:
        """Drops all faults of all owners; `healed` and `left` (not verified)."""
        return self._call("heal")

    def close(self) -> None:
        """Ends the stream: the border drops at once what this connection wanted."""
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
        self.region = str(answer["border"])
        self.edges = tuple(answer["edges"])

    def _call(self, op: str, **fields: Any) -> Answer:
        """One request and its answer; ControlLost without one in time, ClusterError on a no."""
        number = next(self._numbers)
        box: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        with self._lock:
            self._waiting[number] = box
            if self._ended.is_set():
                box.put(self._gone())
            else:
                self._send(json.dumps({"id": number, "op": op} | fields).encode() + b"\n", box)
        try:
            answer = box.get(timeout=CALL_S)
        except queue.Empty:
            raise ControlLost(f"border {self.region} did not answer {op!r} within {CALL_S:g} s") from None
        finally:
            with self._lock:
                del self._waiting[number]
        if not answer.get("ok"):
            kind = ControlLost if self._ended.is_set() else ClusterError
            raise kind(f"border {self.region} refused {op!r}: {answer.get('error')}")
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
        if not asked and self.edges:
            self._on_event(self.region, {"event": "stream_ended"})

    def _deliver(self, message: Answer) -> None:
        if "event" in message:
            self._on_event(self.region, message)
            return
        with self._lock:
            box = self._waiting.get(int(message.get("id") or 0))
        if box is not None:
            box.put(message)
