"""The canary: round trips through a proxy of the border's own that no fault ever selects.

If it moves while a fault holds, the fault was not contained, or the machine is too busy for any verdict.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from harness.containers.border.server import ProxyServer

_LISTEN, _ECHO = ("127.0.0.1", 17001), ("127.0.0.1", 17002)
PERIOD_S = 0.2
_PATIENCE_S = 1.0
_KEPT = 180
_WORD = b"canary\r\n"


class Canary:
    """Client and echo in this process, one Toxiproxy between them."""

    def __init__(self, api_port: int, replaced: Callable[[str, str], None]) -> None:
        listener = ("canary", f"{_LISTEN[0]}:{_LISTEN[1]}", f"{_ECHO[0]}:{_ECHO[1]}")
        self.server = ProxyServer("canary", api_port, [listener], replaced)
        self._line: socket.socket | None = None
        self._trips: deque[tuple[int, int]] = deque(maxlen=_KEPT * int(2 / PERIOD_S))
        self._lock = threading.Lock()

    def start(self) -> None:
        """Starts echo and proxy; ProxyApiError if the proxy does not start."""
        server = socket.create_server(_ECHO)
        threading.Thread(target=_echo, args=(server,), name="canary-echo", daemon=True).start()
        self.server.start()

    def fly(self) -> None:
        """One round trip and the pause after it; the body of a thread."""
        time.sleep(PERIOD_S - time.monotonic() % PERIOD_S)
        begun = time.monotonic_ns()
        try:
            if self._line is None:
                self._line = socket.create_connection(_LISTEN, timeout=_PATIENCE_S)
                self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line.sendall(_WORD)
            took_us = (time.monotonic_ns() - begun) // 1000 if _received(self._line) else -1
        except OSError:
            took_us = -1
        if took_us < 0 and self._line is not None:
            self._line.close()
            self._line = None
        with self._lock:
            self._trips.append((time.monotonic_ns() // 1000, took_us))

    def rows(self, after: int, until: int) -> list[dict[str, Any]]:
        """One row for each second `after < second <= until` that has round trips."""
        seconds: dict[int, list[int]] = {}
        with self._lock:
            for at_us, took_us in self._trips:
                if after < at_us // 1_000_000 <= until:
                    seconds.setdefault(at_us // 1_000_000, []).append(took_us)
        return [_row(second, times) for second, times in sorted(seconds.items())]


def _row(second: int, times: list[int]) -> dict[str, Any]:
    good = [took for took in times if took >= 0]
    return {
        "t_us": second * 1_000_000,
        "n": len(good),
        "failed": len(times) - len(good),
        "p50_us": int(statistics.median(good)) if good else 0,
        "max_us": max(good, default=0),
    }


def _received(line: socket.socket) -> bool:
    """Whether the whole word came back; OSError past the patience."""
    got = b""
    while len(got) < len(_WORD):
        more = line.recv(64)
        if not more:
            return False
        got += more
    return True


def _echo(server: socket.socket) -> None:
    while True:
        line, _ = server.accept()
        threading.Thread(target=_answer, args=(line,), name="canary-line", daemon=True).start()


def _answer(line: socket.socket) -> None:
    with line, suppress(OSError):
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while word := line.recv(64):
            line.sendall(word)
