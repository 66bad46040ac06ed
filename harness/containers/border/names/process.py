"""The agent's side of the name server: started, told its rules, kept, read back, replaced when it ends or is silent."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from harness.containers.border.child import Child
from harness.containers.border.names.rules import Wanted
from harness.model.names import NameRule

SOCKET = "/run/regionfall/names.sock"
CALL_TIMEOUT_S = 1.0
_START_PATIENCE_S = 5.0


class NameServerError(Exception):
    """The name server did not start, or gave no sensible answer in time."""


class NameServer:
    """One process. Safe to call from several threads."""

    def __init__(self, replaced: Callable[[str], None]) -> None:
        self._replaced = replaced
        self._child = Child()
        self._now: dict[str, tuple[NameRule, ...]] = {}
        self._lock = threading.RLock()

    @property
    def pid(self) -> int:
        """Process id, 0 before the first start."""
        return self._child.pid

    def start(self) -> None:
        """Starts the process and waits until it answers; NameServerError after a few seconds."""
        with self._lock:
            self._child.start([sys.executable, "-m", "harness.containers.border.names"], {})
            deadline = time.monotonic() + _START_PATIENCE_S
            while True:
                try:
                    self._call({"op": "read"})
                    return
                except NameServerError:
                    if not self._child.running or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)

    def put(self, wanted: Wanted) -> None:
        """Makes exactly these rules hold; a process that does not obey in time is replaced by one that does."""
        with self._lock:
            if not wanted and not self._now:
                return
            self._now = dict(wanted)
            try:
                self._tell()
            except NameServerError as error:
                self._replace(str(error))

    def keep(self) -> set[str]:
        """Refreshes the rules; pairs whose rules ran out or that somebody changed. To be called every second."""
        with self._lock:
            try:
                held = self._call({"op": "keep"})
            except NameServerError as error:
                self._replace(str(error))
                return set()
            gone = {pair for pair, rules in self._now.items() if held.get(pair) != rules}
            for pair in gone:
                del self._now[pair]
            return gone

    def read(self) -> Wanted | None:
        """What holds now; None if it does not answer."""
        with self._lock:
            try:
                return self._call({"op": "read"})
            except NameServerError:
                return None

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._child.end()

    def _replace(self, reason: str) -> None:
        self._child.end()
        self.start()
        self._tell()
        self._replaced(reason)

    def _tell(self) -> None:
        rules = {pair: [rule.to_wire() for rule in rules] for pair, rules in self._now.items()}
        self._call({"op": "put", "rules": rules})

    def _call(self, request: dict[str, Any]) -> dict[str, tuple[NameRule, ...]]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(CALL_TIMEOUT_S)
                line.connect(SOCKET)
                line.sendall(json.dumps(request).encode() + b"\n")
                with line.makefile("rb") as answers:
                    answer = json.loads(answers.readline())
            return {pair: tuple(map(NameRule.from_wire, rules)) for pair, rules in answer["rules"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NameServerError(f"the name server gave no answer: {type(error).__name__}: {error}") from error
