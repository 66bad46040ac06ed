"""Looks after the proxies: one that died or stalls is replaced, so that a stall of ours is never read as a guest's.

Toxiproxy dials its upstream inside its accept loop: a callee that swallows dials stalls all callers of that proxy.
The kernel shows it as connections that wait in the listener's accept queue.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.containers.border.backlog import stall_words, unanswered_dials
from harness.containers.border.config import Config, EdgeConfig, Endpoint
from harness.containers.border.cuts import PART_PORT
from harness.containers.border.holding import Holding
from harness.containers.border.layer7.gate import behind
from harness.containers.border.net import doubt_neighbour
from harness.model.ended import HAPROXY_ENDED, PROCESS_ENDED

_LISTENING = "0A"
STALLED_S = 1.0
PAUSE_S = 10.0
"""A proxy is replaced for a stall at most this often: each time costs all its connections. One exception: a callee that
took no more connections takes them again. Whoever has waited in the queue till then has mostly given up, and to be
dialled for one after the other would keep both the callee and everybody behind them busy."""


class Guard:
    """Watches the listeners and the processes behind them."""

    def __init__(self, config: Config, holding: Holding, up: Callable[[Endpoint], bool]) -> None:
        self._servers, self._gates, self._up = holding.servers, holding.gates.gates, up
        self._edges: dict[Endpoint, EdgeConfig] = {}
        for number, edge in enumerate(config.edges):
            self._edges[edge.at] = self._edges[edge.listen, PART_PORT + number] = edge
            there = behind(number)
            self._edges |= {there.plain: edge, there.part: edge, there.cut: edge} if edge.http else {}
        self._fronts = holding.gates.fronts()
        self._since: dict[Endpoint, float] = {}
        self._replaced: dict[str, float] = {}
        self._deaf: dict[str, Endpoint] = {}
        """Caller -> the callee that made its proxy stand still by not answering, at the last replacement."""

    def look(self) -> None:
        """One look; to be called several times a second."""
        for server in self._servers.values():
            if not server.running:
                server.replace(PROCESS_ENDED)
        for gate in self._gates.values():
            if not gate.running:
                gate.replace(HAPROXY_ENDED)
        now = time.monotonic()
        waiting = {at for at in waiting_listeners() if at in self._edges and self._up(self._edges[at].upstream)}
        self._since = {at: self._since.get(at, now) for at in waiting}
        for at, edge, unanswered in self._stalled(now):
            self._replaced[edge.caller] = now
            self._deaf.pop(edge.caller, None)
            if unanswered:
                self._deaf[edge.caller] = edge.upstream
            doubt_neighbour(edge.upstream[0])
            process = self._gates[edge.caller] if at in self._fronts else self._servers[edge.caller]
            process.replace(stall_words(edge, STALLED_S, unanswered=unanswered), edge.id)

    def _stalled(self, now: float) -> Iterable[tuple[Endpoint, EdgeConfig, bool]]:
        """Listener, its edge, and whether a dial to its callee is unanswered, of every proxy to be replaced now."""
        stalled = {self._edges[at].caller: at for at, since in self._since.items() if now - since > STALLED_S}
        unanswered = unanswered_dials() if stalled else set()
        for caller, at in stalled.items():
            edge = self._edges[at]
            blocked = edge.upstream in unanswered
            answers_again = self._deaf.get(caller) == edge.upstream and not blocked
            if answers_again or now - self._replaced.get(caller, -PAUSE_S) >= PAUSE_S:
                yield at, edge, blocked


def waiting_listeners(table: str = "/proc/net/tcp") -> set[Endpoint]:
    """Listening sockets with connections in their accept queue. The kernel lists listeners first."""
    found = set()
    with Path(table).open() as lines:
        next(lines)
        for line in lines:
            fields = line.split()
            if fields[3] != _LISTENING:
                break
            if int(fields[4].partition(":")[2], 16) > 0:
                address, _, port = fields[1].partition(":")
                found.add((socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)))
    return found
