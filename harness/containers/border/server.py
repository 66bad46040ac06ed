"""One Toxiproxy process for one caller: started from a file, brought to a state, replaced when it wedges or dies."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.containers.border.child import Child
from harness.containers.border.config import EdgeConfig, Endpoint
from harness.containers.border.driver import Api, ProxyApiError
from harness.containers.border.spares import folded
from harness.containers.border.toxics import Toxics
from harness.containers.border.transport import Answer
from harness.model.ended import PROCESS_ENDED

_START_PATIENCE_S = 10.0

Listener = tuple[str, str, str]
"""Proxy name, listen address and upstream, as Toxiproxy spells them."""


def listener_of(edge: EdgeConfig, at: Endpoint, suffix: str = "") -> Listener:
    """A proxy of an edge that listens on `at`; the edge's own has no suffix."""
    return edge.proxy + suffix, f"{at[0]}:{at[1]}", f"{edge.upstream[0]}:{edge.upstream[1]}"


class ProxyServer:
    """A Toxiproxy with a fixed set of listeners, plus those added while it runs. Safe to call from several threads."""

    def __init__(
        self, caller: str, api_port: int, listeners: Sequence[Listener], replaced: Callable[[str, str], None]
    ) -> None:
        self.caller = caller
        self._port, self._api = api_port, Api(api_port)
        self._listeners = {listener[0]: listener for listener in listeners}
        self._wanted: dict[str, Toxics] = {}
        self._lent: set[str] = set()
        self._replaced = replaced
        self._child = Child()
        self._lock = threading.RLock()

    @property
    def pid(self) -> int:
        """Process id, 0 before the first start."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive (it may still be wedged)."""
        return self._child.running

    def start(self) -> None:
        """Starts the process and waits for its API; ProxyApiError after a few seconds."""
        with self._lock:
            file = Path("/run/regionfall") / f"{self._port}.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps([_entry(listener) for listener in self._listeners.values()]))
            server = shutil.which("toxiproxy-server") or "/toxiproxy-server"
            words = [server, "-host", "127.0.0.1", "-port", str(self._port), "-config", str(file)]
            self._child.start(words, {"LOG_LEVEL": "error", "GOMAXPROCS": "1"})
            self._api = Api(self._port)
            self._wait()

    def ensure(self, listener: Listener) -> None:
        """Adds a listener if it is not there yet; it stays until the border ends."""
        with self._lock:
            if listener[0] in self._listeners:
                return
            self._listeners[listener[0]] = listener
            try:
                self._api.create(*listener)
            except ProxyApiError as error:
                self.replace(str(error))

    def apply(self, wanted: Mapping[str, Toxics]) -> dict[str, Toxics]:
        """Makes exactly these toxics so (proxies that are not named get none) and reads all of them back.

        A call past its deadline replaces the process; ProxyApiError only if the new one does not obey either.
        """
        with self._lock:
            self._wanted = dict(wanted)
            try:
                return self._settle()
            except ProxyApiError as error:
                self.replace(str(error))
                return self._settle()

    def read(self) -> dict[str, Toxics]:
        """Proxy name -> toxics that are there now; ProxyApiError if it does not answer."""
        with self._lock:
            return self._held()

    def tend(self) -> bool:
        """Replaces the process if it died or does not answer; whether all its toxics are as wanted.

        To be called every few seconds. What somebody changed is not repaired here.
        """
        with self._lock:
            try:
                present = self._held() if self.running else None
            except ProxyApiError as error:
                self.replace(str(error))
                return True
            if present is None:
                self.replace(PROCESS_ENDED)
                return True
            return all(self._wanted.get(n, {}) == toxics for n, toxics in present.items() if n not in self._lent)

    def by_hand(self, name: str, method: str, path: str, body: Any) -> Answer:
        """One call about one proxy in somebody's own words. From the first on it is lent: nobody else touches it."""
        with self._lock:
            self._lent.add(name)
            return self._api.raw(method, f"/proxies/{name}{path}", body)

    def take_back(self, name: str) -> bool:
        """A lent proxy listens again, with the toxics that are wanted and no others; whether that was read back."""
        with self._lock:
            self._lent.discard(name)
            try:
                self._api.enable(name)
                self._api.make_so(name, {}, self._api.toxics()[name])  # also one that acts on a share only
                found = self._settle()
            except (ProxyApiError, KeyError) as error:
                self.replace(f"after it was in somebody's own hands: {error}")
                found = self.read()
            return found.get(name) == self._wanted.get(name, {})

    def replace(self, reason: str, edge: str = "") -> None:
        """Kills the process, starts another one from the file and brings it to the wanted state."""
        with self._lock:
            self._child.end()
            self.start()
            self._settle()
        self._replaced(reason, edge)

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._child.end()

    def _settle(self) -> dict[str, Toxics]:
        present = self._api.toxics()
        for name, toxics in present.items():
            wanted = self._wanted.get(name, {})
            if wanted != folded(toxics) and name not in self._lent:
                self._api.make_so(name, wanted, toxics)
        return self._held()

    def _held(self) -> dict[str, Toxics]:
        """Toxics by proxy as they are wanted: all delays of a proxy are one."""
        return {name: folded(toxics) for name, toxics in self._api.toxics().items()}

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE_S
        while True:
            try:
                missing = self._listeners.keys() - self._api.toxics().keys()
                if not missing:
                    return
                raise ProxyApiError(f"it does not listen for {', '.join(sorted(missing))}")
            except ProxyApiError as error:
                if not self.running or time.monotonic() > deadline:
                    raise ProxyApiError(f"Toxiproxy of {self.caller!r} did not start: {error}") from error
                time.sleep(0.01)


def _entry(listener: Listener) -> dict[str, object]:
    name, listen, upstream = listener
    return {"name": name, "listen": listen, "upstream": upstream, "enabled": True}
