"""A byte stream to a program inside a container, over the Docker engine's own connection."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

STDOUT = 1
STDERR = 2
_HEADER = struct.Struct(">BxxxL")


class ByteStream(Protocol):
    """Standard input and output of a program, wherever it runs."""

    def send(self, data: bytes) -> None:
        """Write to its standard input; OSError when it is gone."""

    def receive(self, timeout_s: float) -> list[tuple[int, bytes]] | None:
        """What came on STDOUT and STDERR; [] after `timeout_s` of nothing, None at the end."""

    def close(self) -> None:
        """Let go: its standard input ends. Safe to repeat."""

    def exit_code(self) -> int | None:
        """Its exit code, None while it runs or when nobody knows."""


class Demultiplexer:
    """The engine packs both outputs into one stream: one byte says which, four how long."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Packets that are whole now."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            which, length = _HEADER.unpack_from(self._buffer)
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            packet = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield which, packet


class ExecStream:
    """`docker exec -i` through the SDK: no port, no token, and it works with remote engines."""

    def __init__(self, container: Any, command: Sequence[str]) -> None:
        self._api = container.client.api
        created = self._api.exec_create(container.id, list(command), stdin=True, stdout=True, stderr=True)
        self._id = created["Id"]
        self._holder = self._api.exec_start(self._id, socket=True)
        self._socket: socket.socket = getattr(self._holder, "_sock", self._holder)
        self._packets = Demultiplexer()

    def send(self, data: bytes) -> None:
        """Write to its standard input; OSError when it is gone."""
        self._socket.sendall(data)

    def receive(self, timeout_s: float) -> list[tuple[int, bytes]] | None:
        """What came on STDOUT and STDERR; [] after `timeout_s` of nothing, None at the end."""
        self._socket.settimeout(timeout_s)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return []
        except OSError:
            return None
        return list(self._packets.feed(data)) if data else None

    def close(self) -> None:
        """Let go: its standard input ends. Safe to repeat."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for part in (self._holder, self._socket):
            with suppress(OSError):
                part.close()

    def exit_code(self) -> int | None:
        """Its exit code, None while it runs or when the engine no longer knows."""
        with suppress(Exception):
            code: int | None = self._api.exec_inspect(self._id)["ExitCode"]
            return code
        return None
