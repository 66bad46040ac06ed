"""All callers of a region in one process; runs inside a guest of the bench, spoken with line by line.

First line: {"edges": [[number, host, port], …], "period_s": 0.2, "patience_s": 0.2}. Every edge has a connection that
is kept, and asks 12 bytes of an echo once a period, one edge after the other, so that the whole region is asked evenly.
A caller whose question is older than its patience hangs up and dials anew at its next turn.

Then: `patience SECONDS`, `period SECONDS`, and `take`, which prints every question since the last `take` as JSON rows
[edge, sent_ns, answered_ns or 0], times of CLOCK_MONOTONIC (one clock for all containers of a machine).
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import sys
import time
from collections import deque

_QUESTION = struct.Struct("<IQ")
Row = list[int]


class Caller:
    """One edge: its connection, and the questions that wait for an answer."""

    def __init__(self, number: int, at: tuple[str, int]) -> None:
        self.number, self.at = number, at
        self.socket: socket.socket | None = None
        self.connected = False
        self.open: deque[Row] = deque()
        self.unsent = b""
        self.got = b""

    def hang_up(self, epoll: select.epoll, callers: dict[int, Caller]) -> None:
        """Drops the connection; what was asked on it stays unanswered."""
        if self.socket is not None:
            callers.pop(self.socket.fileno(), None)
            self.socket.close()
        self.socket, self.connected, self.unsent, self.got = None, False, b"", b""
        self.open.clear()


class Crowd:
    """All callers and the loop that they share."""

    def __init__(self, edges: list[tuple[int, str, int]], period_s: float, patience_s: float) -> None:
        self.callers = [Caller(number, (host, port)) for number, host, port in edges]
        self.by_fd: dict[int, Caller] = {}
        self.period_ns, self.patience_ns = int(period_s * 1e9), int(patience_s * 1e9)
        self.rows: list[Row] = []
        self.orders = b""
        self.epoll = select.epoll()
        self.epoll.register(0, select.EPOLLIN)

    def run(self) -> None:
        """For ever: ask whoever is due, take in answers and orders."""
        due, turn = time.monotonic_ns(), 0
        while True:
            now = time.monotonic_ns()
            while due <= now:
                self._ask(self.callers[turn % len(self.callers)], now)
                turn, due = turn + 1, due + self.period_ns // len(self.callers)
            for fd, events in self.epoll.poll(max(0.0, (due - time.monotonic_ns()) / 1e9)):
                if fd == 0:
                    self._orders(os.read(0, 65536))
                elif fd in self.by_fd:
                    self._heard(self.by_fd[fd], events)

    def _ask(self, caller: Caller, now: int) -> None:
        if caller.open and now - caller.open[0][1] >= self.patience_ns:
            caller.hang_up(self.epoll, self.by_fd)
        if caller.socket is None:
            caller.socket = socket.socket()
            caller.socket.setblocking(False)
            caller.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            caller.socket.connect_ex(caller.at)
            self.by_fd[caller.socket.fileno()] = caller
            self.epoll.register(caller.socket, select.EPOLLIN | select.EPOLLOUT)
        row = [caller.number, now, 0]
        self.rows.append(row)
        caller.open.append(row)
        caller.unsent += _QUESTION.pack(caller.number, now)
        if caller.connected:
            self._send(caller)

    def _send(self, caller: Caller) -> None:
        try:
            sent = caller.socket.send(caller.unsent) if caller.socket else 0
        except BlockingIOError:
            sent = 0
        except OSError:
            caller.hang_up(self.epoll, self.by_fd)
            return
        caller.unsent = caller.unsent[sent:]

    def _heard(self, caller: Caller, events: int) -> None:
        assert caller.socket is not None
        if events & (select.EPOLLERR | select.EPOLLHUP):
            caller.hang_up(self.epoll, self.by_fd)
            return
        if not caller.connected:
            caller.connected = True
            self.epoll.modify(caller.socket, select.EPOLLIN)
            self._send(caller)
        if events & select.EPOLLIN:
            self._read(caller)

    def _read(self, caller: Caller) -> None:
        try:
            data = caller.socket.recv(65536) if caller.socket else b""
        except OSError:
            data = b""
        if not data:
            caller.hang_up(self.epoll, self.by_fd)
            return
        now, caller.got = time.monotonic_ns(), caller.got + data
        while len(caller.got) >= _QUESTION.size and caller.open:
            caller.open.popleft()[2] = now
            caller.got = caller.got[_QUESTION.size :]

    def _orders(self, data: bytes) -> None:
        if not data:
            sys.exit(0)
        *whole, self.orders = (self.orders + data).split(b"\n")
        for line in whole:
            self._order(line.decode().split())

    def _order(self, words: list[str]) -> None:
        if words[0] == "patience":
            self.patience_ns = int(float(words[1]) * 1e9)
        elif words[0] == "period":
            self.period_ns = int(float(words[1]) * 1e9)
        elif words[0] == "take":
            taken, self.rows = self.rows, []
            print(json.dumps(taken, separators=(",", ":")), flush=True)


def _first_line() -> bytes:
    """Read without a buffer: what is behind it is read by the loop."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1)
    return line


if __name__ == "__main__":
    told = json.loads(_first_line())
    Crowd(told["edges"], told["period_s"], told["patience_s"]).run()
