"""Resets live connections of an edge on both sides: the kernel destroys the sockets of its proxy, and tells peers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.containers.border.config import Endpoint, endpoint

PATIENCE_S = 5.0
_AT_ONCE = 100
"""Sockets named in one call."""

_PID = re.compile(r"pid=(\d+)")


@dataclass(frozen=True, slots=True)
class Victim:
    """Whose sockets: those that listen for the caller, and those of this process towards the callee."""

    listening: frozenset[Endpoint]
    upstream: Endpoint
    pid: int


@dataclass(frozen=True, slots=True)
class Socket:
    """An established connection of this container."""

    local: Endpoint
    peer: Endpoint
    pids: frozenset[int]


def kill(victims: Iterable[Victim]) -> int:
    """Resets every live connection of these edges; how many sockets are gone. Ones that open meanwhile may live on."""
    victims = tuple(victims)
    with _held({victim.pid for victim in victims if victim.pid}):
        found = chosen(established(), victims)
        facing = [socket for socket in found if any(socket.local in victim.listening for victim in victims)]
        # Callers first: HAProxy, where an edge has one, would else tell them politely.
        for part in (facing, [socket for socket in found if socket not in facing]):
            for start in range(0, len(part), _AT_ONCE):
                pairs = (_filter(socket) for socket in part[start : start + _AT_ONCE])
                _ss("-K", "-H", "-t", "-n", "state", "established", f"( {' or '.join(pairs)} )")
    return len(found) - len(set(found) & set(chosen(established(), victims)))


@contextmanager
def _held(pids: Iterable[int]) -> Iterator[None]:
    """Proxies stand still meanwhile (some 20 ms): one that lost one side would end the other one politely."""
    held = []
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            held.append(pid)
        yield
    finally:
        for pid in held:
            os.kill(pid, signal.SIGCONT)


def chosen(sockets: Iterable[Socket], victims: Iterable[Victim]) -> list[Socket]:
    """The sockets that belong to these edges. Pure."""
    victims = tuple(victims)
    return [socket for socket in sockets if any(_belongs(socket, victim) for victim in victims)]


def _belongs(socket: Socket, victim: Victim) -> bool:
    return socket.local in victim.listening or (socket.peer == victim.upstream and victim.pid in socket.pids)


def established() -> list[Socket]:
    """All established TCP connections with the processes that hold them."""
    return [read for line in _ss("-H", "-t", "-n", "-p", "state", "established").splitlines() if (read := parsed(line))]


def parsed(line: str) -> Socket | None:
    """One line of `ss -Htnp state established`: two queues, local and peer address, processes. Pure."""
    parts = line.split()
    if len(parts) < 4:
        return None
    return Socket(endpoint(parts[2]), endpoint(parts[3]), frozenset(map(int, _PID.findall(line))))


def _filter(socket: Socket) -> str:
    (local, local_port), (peer, peer_port) = socket.local, socket.peer
    return f"( src {local} sport = :{local_port} dst {peer} dport = :{peer_port} )"


def _ss(*words: str) -> str:
    done = subprocess.run(["ss", *words], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    return done.stdout
