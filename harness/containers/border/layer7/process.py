"""One HAProxy for the `http` edges of one caller: started from a file, told its rules, replaced when it wedges or dies.

One process a caller, like Toxiproxy: to replace it costs this caller's connections and nobody else's.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.containers.border.child import Child
from harness.containers.border.config import EdgeConfig
from harness.containers.border.layer7.gate import frontend, haproxy_config
from harness.containers.border.layer7.rules import fault_of, token
from harness.containers.border.layer7.runtime import GateError, ask
from harness.model.ended import HAPROXY_ENDED
from harness.model.request_fault import RequestFault

TTL_S = 4
"""A rule ends by itself this long after it was last kept; the agent keeps them every second."""

_START_PATIENCE_S = 5.0
_FOLDER = Path("/run/regionfall")
_EVENTS = re.compile(r"Total events captured on \[.*?\] : (\d+)")
_FRONTEND = re.compile(r"frontend (edge_\d+) ")

Rules = dict[str, tuple[RequestFault, ...]]
"""Edge id -> what befalls its requests, in order."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests of one edge since its HAProxy started."""

    requests: int = 0
    cut: int = 0
    """Answers that were cut short on the way to the caller."""


class Gate:
    """HAProxy in front of some edges, `number in the border -> edge`. Safe to call from several threads."""

    def __init__(
        self, caller: str, place: int, edges: Mapping[int, EdgeConfig], replaced: Callable[[str, str], None]
    ) -> None:
        self.caller = caller
        self._edges = dict(edges)
        self._ids = {frontend(number): edge.id for number, edge in edges.items()}
        self._names = {edge.id: name for name, edge in zip(self._ids, edges.values(), strict=True)}
        self._file, self._socket = _FOLDER / f"haproxy-{place}.cfg", _FOLDER / f"haproxy-{place}.sock"
        self._wanted: Rules = {}
        self._replaced = replaced
        self._child = Child()
        self._lock = threading.RLock()
        self._strange = 0

    @property
    def running(self) -> bool:
        """Whether the process is alive (it may still be wedged)."""
        return self._child.running

    @property
    def busy(self) -> bool:
        """Whether any rule should hold."""
        return bool(self._wanted)

    def start(self) -> None:
        """Starts the process and waits until it answers; GateError after a few seconds."""
        with self._lock:
            _FOLDER.mkdir(exist_ok=True)
            self._file.write_text(haproxy_config(self._edges, self._socket))
            self._socket.unlink(missing_ok=True)
            self._strange = 0
            self._child.start(["haproxy", "-db", "-f", str(self._file)], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            self._wait()

    def apply(self, wanted: Rules) -> Rules:
        """Makes exactly these rules so, edges that are not named get none, and reads all of them back.

        A call past its deadline replaces the process; GateError only if the new one does not obey either.
        """
        with self._lock:
            self._wanted = {edge: rules for edge, rules in wanted.items() if rules}
            try:
                return self._settle()
            except GateError as error:
                self.replace(str(error))
                return self.read()

    def read(self) -> Rules:
        """Edge -> rules that hold now; GateError if it does not answer."""
        with self._lock:
            found: Rules = {}
            for name, word, _, _, _ in self._shown():
                if word != "-":
                    edge = self._ids.get(name, name)
                    found[edge] = (*found.get(edge, ()), _parsed(word))
            return found

    def keep(self) -> set[str]:
        """Prolongs what holds. Returns edges on which something ran out or was taken away; it is not put back."""
        with self._lock:
            if not self._wanted:
                return set()
            try:
                ask(self._socket, f"regionfall keep {TTL_S * 1000}")
                present = self.read()
            except GateError:
                return set()  # dead or wedged: it is replaced by those who look after that
            gone = {edge for edge, rules in self._wanted.items() if present.get(edge) != rules}
            self._wanted = {edge: rules for edge, rules in self._wanted.items() if edge not in gone}
            return gone

    def counted(self) -> dict[str, Counted]:
        """Edge -> what was counted so far; GateError if it does not answer."""
        with self._lock:
            requests = {
                self._ids[row[0]]: int(row[3]) for row in self._shown() if row[1] == "-" and row[0] in self._ids
            }
            cut = self._cut_answers()
        return {edge: Counted(count, cut.get(edge, 0)) for edge, count in requests.items()}

    def strange(self) -> str:
        """The edge that carried something that is not HTTP since the last call, '' for none."""
        with self._lock:
            said = ask(self._socket, "show errors")
            events = _EVENTS.search(said)
            count = int(events[1]) if events else 0
            new, self._strange = count > self._strange, count
        names = [self._ids[name] for name in _FRONTEND.findall(said) if name in self._ids]
        return (names[0] if names else "?") if new else ""

    def tend(self) -> bool:
        """Replaces the process if it died or does not answer; whether all its rules are as wanted."""
        with self._lock:
            try:
                present = self.read() if self.running else None
            except GateError as error:
                self.replace(str(error))
                return True
            if present is None:
                self.replace(HAPROXY_ENDED)
                return True
            return present == self._wanted

    def replace(self, reason: str, edge: str = "") -> None:
        """Kills the process, starts another one and brings it to the wanted state."""
        with self._lock:
            self._child.end()
            self.start()
            self._settle()
        self._replaced(reason, edge)

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._child.end()

    def _settle(self) -> Rules:
        present = self.read()
        for edge, name in self._names.items():
            if self._wanted.get(edge, ()) or edge in present:
                words = " ".join(token(rule) for rule in self._wanted.get(edge, ()))
                said = ask(self._socket, f"regionfall put {name} {TTL_S * 1000} {words}".rstrip())
                if said != "ok":
                    raise GateError(f"it did not take the rules of {edge}: {said[:200]}")
        return self.read()

    def _shown(self) -> list[list[str]]:
        *rows, last = ask(self._socket, "regionfall show").splitlines() or [""]
        if last != "end":
            raise GateError(f"`regionfall show` was answered with {last[:200]!r}")
        return [row.split(" ") for row in rows]

    def _cut_answers(self) -> dict[str, int]:
        """HAProxy's own count of transfers that a server broke off, of the listeners that break them off."""
        header, *rows = ask(self._socket, "show stat -1 2 -1").removeprefix("# ").splitlines() or [""]
        columns = header.split(",")
        found: dict[str, int] = {}
        for row in rows:
            values = dict(zip(columns, row.split(","), strict=False))
            name, kind, _ = values.get("pxname", "").partition("_cut")
            if kind and name in self._ids:
                edge = self._ids[name]
                found[edge] = found.get(edge, 0) + int(values.get("srv_abrt") or 0)
        return found

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE_S
        while True:
            with suppress(GateError):
                self._shown()
                return
            if not self.running or time.monotonic() > deadline:
                raise GateError(f"HAProxy of {self.caller!r} did not start")
            time.sleep(0.02)


def _parsed(word: str) -> RequestFault:
    try:
        return fault_of(word)
    except (KeyError, ValueError):
        return RequestFault(delay_ms=-1)  # not ours: nothing that was ever wanted
