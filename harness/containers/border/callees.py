"""A callee that is down looks down: every edge is refused at once while nobody answers behind it.

Without this a dead server behind a proxy *accepts, then sends end-of-file*, and clients never try their next host.
Down: at the start, by the controller's word (`down`), by a reset in answer to a dial, by a neighbour that does not
answer ARP. Up again: only by a TCP connect of our own, tried every 150 ms while down; while up nobody is probed.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.containers.border.config import Config, Endpoint
from harness.containers.border.net import incomplete_neighbours
from harness.containers.border.nft import TABLE, Nft
from harness.containers.border.ruleset import pair

REDIAL_S = 0.15
_DIAL_PATIENCE_S = 1.0
_NEIGHBOUR_CHECK_S = 1.0


@dataclass(slots=True)
class Target:
    """One address and port behind edges, crossings and published ports. `keys`: where the packet filter refuses it."""

    name: str
    service: str
    at: Endpoint
    near: bool
    keys: set[Endpoint]
    up: bool = False
    reason: str = "no connection was tried yet"
    dial: socket.socket | None = None
    dialled: float = 0.0


def targets_of(config: Config) -> dict[Endpoint, Target]:
    """Every place that something in this border leads to."""
    found: dict[Endpoint, Target] = {}

    def add(at: Endpoint, service: str, port: int, key: Endpoint | None) -> None:
        target = found.setdefault(at, Target(f"{service}:{port}", service, at, config.near(at[0]), set()))
        if key is not None:
            target.keys.add(key)

    for edge in config.edges:
        add(edge.upstream, edge.callee, edge.port, edge.at)
    for forward in config.forwards:
        add(forward.to, forward.callee, forward.port, (forward.far, forward.port))
    for published in config.published:
        add(published.to, published.service, published.port, None)
    return found


class Callees:
    """Keeps the set `down` in step with the callees. Safe to call from several threads."""

    def __init__(self, config: Config, nft: Nft, changed: Callable[[str, bool], None]) -> None:
        self._targets = targets_of(config)
        self._nft, self._changed = nft, changed
        self._lock = threading.RLock()
        self._wake_reader, self._wake_writer = os.pipe()
        self._neighbours_checked = 0.0

    def run(self) -> None:
        """Dials for ever; the body of a thread."""
        while True:
            now = time.monotonic()
            with self._lock:
                dials = {target.dial: target for target in self._down() if self._dial(target, now)}
            ready = select.select([self._wake_reader], [dial for dial in dials if dial], [], REDIAL_S)
            if ready[0]:
                os.read(self._wake_reader, 4096)
            with self._lock:
                for dial in ready[1]:
                    self._answered(dials[dial], dial)
            self._check_neighbours()

    def table(self) -> dict[str, bool]:
        """`callee:port` -> up, of what this border reaches without another border."""
        with self._lock:
            return {target.name: target.up for target in self._targets.values() if target.near}

    def reasons(self) -> dict[str, str]:
        """`callee:port` -> why it is not up."""
        with self._lock:
            return {t.name: t.reason for t in self._targets.values() if t.near and not t.up}

    def is_up(self, at: Endpoint) -> bool:
        """Whether the target at this address is not known to be down."""
        with self._lock:
            target = self._targets.get(at)
            return target is None or target.up

    def say_down(self, service: str, down: bool) -> None:
        """The engine's word: the service's process is gone, or (not `down`) may be back, which only a dial proves."""
        with self._lock:
            for target in self._targets.values():
                if target.service == service and down:
                    self._hang_up(target)
                    self._set_down(target, "its container stopped")
        os.write(self._wake_writer, b"x")

    def refused(self, at: Endpoint) -> None:
        """A dial from this border was answered with a reset."""
        with self._lock:
            target = self._targets.get(at)
            if target is not None and target.up:
                self._set_down(target, "refused a connection")
                os.write(self._wake_writer, b"x")

    def _down(self) -> Iterable[Target]:
        return [target for target in self._targets.values() if not target.up]

    def _dial(self, target: Target, now: float) -> bool:
        """Begins a connect if it is time for one; whether one is under way."""
        if target.dial is not None and now - target.dialled > _DIAL_PATIENCE_S:
            target.reason = f"did not answer for {_DIAL_PATIENCE_S:g} s"
            self._hang_up(target)
        if target.dial is None and now - target.dialled >= REDIAL_S * 0.9:
            target.dial, target.dialled = socket.socket(), now
            target.dial.setblocking(False)
            code = target.dial.connect_ex(target.at)
            if code not in (0, errno.EINPROGRESS):
                target.reason = os.strerror(code)
                self._hang_up(target)
        return target.dial is not None

    def _answered(self, target: Target, dial: socket.socket) -> None:
        if target.dial is not dial:
            return
        code = dial.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._hang_up(target)
        if code:
            target.reason = os.strerror(code)
            return
        self._refuse(target, False)
        target.up, target.reason = True, ""
        self._changed(target.name, True)

    def _set_down(self, target: Target, reason: str) -> None:
        target.reason = reason
        if not target.up:
            return
        self._refuse(target, True)
        target.up = False
        self._changed(target.name, False)

    def _refuse(self, target: Target, refuse: bool) -> None:
        if not target.keys:
            return
        element = f"element {TABLE} down {{ {', '.join(map(pair, sorted(target.keys)))} }}"
        # Adding first makes deleting safe: to delete what is not there would be an error.
        self._nft.run(f"add {element}" if refuse else f"add {element}\ndelete {element}")

    def _check_neighbours(self) -> None:
        if time.monotonic() - self._neighbours_checked < _NEIGHBOUR_CHECK_S:
            return
        self._neighbours_checked = time.monotonic()
        silent = incomplete_neighbours()
        with self._lock:
            for target in self._targets.values():
                if target.up and target.at[0] in silent:
                    self._set_down(target, "no neighbour answers for its address")

    @staticmethod
    def _hang_up(target: Target) -> None:
        if target.dial is not None:
            target.dial.close()
            target.dial = None
