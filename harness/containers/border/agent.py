"""The border's agent: wishes in, edges changed, what holds read back. The three dead-man's switches meet here."""

from __future__ import annotations

import re
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict
from functools import partial
from typing import Any

from harness.containers.border.blocked import blocked_rows
from harness.containers.border.callees import Callees
from harness.containers.border.canary import Canary
from harness.containers.border.config import Config
from harness.containers.border.desired import Desired, Wanted, parse_want
from harness.containers.border.flags import FlagService
from harness.containers.border.guard import Guard
from harness.containers.border.holding import API_PORT, Holding, same
from harness.containers.border.names.process import NameServer
from harness.containers.border.nft import Nft
from harness.containers.border.watch import Watch
from harness.model.effect import EdgeState

KEEP_S = 1.0
"""Cuts and flags are refreshed this often."""

_EXPIRY_CHECK_S = 0.05
_LOOK_S = 0.2
_TEND_S = 2.0
BY_HAND = re.compile(r"(GET|POST) |(GET|POST) /toxics|(GET|POST|DELETE) /toxics/[\w.-]+")
"""What may be asked of a proxy that is in somebody's own hands."""


def forever(name: str, body: Callable[[], None], pause_s: float = 0.0) -> threading.Thread:
    """A thread that repeats `body` for ever; an error is printed and does not end it."""

    def run() -> None:
        while True:
            try:
                body()
            except Exception:
                traceback.print_exc()
                time.sleep(max(pause_s, 0.5))
            time.sleep(pause_s)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


class Agent:
    """Everything that a control connection can ask for. Safe to call from several threads."""

    def __init__(self, config: Config, nft: Nft) -> None:
        self.config = config
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.disturbances: list[dict[str, Any]] = []
        names = NameServer(lambda reason: self.disturb(f"name server replaced: {reason}"))
        self.holding = Holding(config, nft, names, self._replaced)
        self.callees = Callees(config, nft, self._callee_changed)
        self._watch = Watch(config, nft, self.callees.refused)
        self._canary = Canary(API_PORT + len(config.callers), partial(self._replaced, "canary"))
        self._guard = Guard(config, self.holding, self.callees.is_up)
        self._nft = nft
        self._flags = FlagService(config.flags)
        udp = self.holding.datagrams.edges
        standing, http = {edge.id: edge.standing_ms for edge in config.edges}, [e.id for e in config.edges if e.http]
        asked = [edge.id for edge in config.edges if edge.pair in config.looked_up]
        self._desired = Desired(standing | dict.fromkeys(udp, 0), self._flags.services, http, asked, udp)
        self._lent: dict[int, set[str]] = {}
        self._lock = threading.RLock()
        self._wishes_lock = threading.Lock()

    def start(self) -> None:
        """Proxies up, standing distances applied, all threads running."""
        self.holding.start(self._desired.states())
        self._canary.start()
        forever("packets", self._watch.follow)
        forever("counters", self._count)
        forever("canary", self._canary.fly)
        forever("callees", self.callees.run)
        forever("guard", self._guard.look, _LOOK_S)
        forever("keep", self._keep, KEEP_S)
        forever("expire", self._expire, _EXPIRY_CHECK_S)
        forever("tend", self._tend, _TEND_S)

    def emit(self, event: dict[str, Any]) -> None:
        """Tells every connection that listens."""
        for listener in tuple(self.listeners):
            listener(event)

    def disturb(self, what: str, caller: str = "", edge: str = "") -> None:
        """Records that something other than a wish changed what guests see, and tells everybody."""
        event = {"event": "disturbance", "what": what, "caller": caller, "edge": edge}
        self.disturbances.append(event | {"mono_us": time.monotonic_ns() // 1000})
        print(f"disturbance: {what} (caller {caller or '-'}, edge {edge or '-'})", flush=True)
        self.emit(event)

    def want(self, key: int, owner: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces the wishes of a connection, makes them so and reads back; ValueError if they cannot be granted."""
        begun = time.monotonic()
        wishes = parse_want(message, owner, begun)
        with self._lock:
            self._verify_all()
            with self._wishes_lock:
                known = set(self._desired.of(key))
                self._desired.want(key, wishes)
            lost = self._desired.lost(key)
            held = self._settle()
            self._kill(begun)
            answer = self._account(self._desired.of(key).values(), held)
        if added := sorted(wishes.injections.keys() - known):
            self.emit({"event": "wanted", "owner": owner, "injections": added})
        return answer | {"lost": lost, "took_ms": round((time.monotonic() - begun) * 1000, 1)}

    def renew(self, key: int, lease_s: float) -> dict[str, Any]:
        """Prolongs the lease and says by fresh read-back what still holds."""
        now = time.monotonic()
        with self._wishes_lock:
            self._desired.renew(key, now + lease_s)
        with self._lock:
            self._verify(list(self._desired.of(key).values()))
            lost = self._desired.lost(key)
            holds = [wanted.id for wanted in self._desired.of(key).values() if not wanted.lost]
        return {"left_s": lease_s, "holds": holds, "lost": lost}

    def forget(self, key: int) -> None:
        """Switch 1: the connection ended, so do its faults, and what it said of UDP callees."""
        self.holding.datagrams.forget(key)
        if left := self.take_back(key)["left"]:
            self.disturb("not as before after it was in somebody's own hands", edge=left[0])
        with self._lock:
            with self._wishes_lock:
                dropped = self._desired.forget(key)
            if dropped:
                self._verify_all(but=dropped)
                self._settle()

    def heal(self) -> dict[str, Any]:
        """Drops all faults of all connections and reads back; `left` could not be verified."""
        with self._lock:
            with self._wishes_lock:
                named = {wanted.id: wanted for wanted in self._desired.clear()}
            states, errors = self._settle()
            plain = self._desired.states()
            left = [
                wanted.id
                for wanted in named.values()
                if not all(same(plain.get(edge, EdgeState()), states.get(edge)) for edge in wanted.edges)
                or errors.keys() & wanted.services.keys()
            ]
        self.emit({"event": "healed_by_hand"})
        return {"healed": [injection for injection in named if injection not in left], "left": left}

    def by_hand(self, key: int, request: Mapping[str, Any]) -> dict[str, Any]:
        """One call to the proxy of an edge in somebody's own words; the edge is theirs until their connection ends.

        ValueError for an edge that has no proxy here, or for a call that is not about that proxy and its toxics.
        """
        edge, method, path = str(request["edge"]), str(request["method"]), str(request["path"])
        if not BY_HAND.fullmatch(f"{method} {path}"):
            raise ValueError(f"{method} {path!r}: a proxy is switched, its toxics come and go; it is not taken away")
        if method == "POST" and not path and set(body := request.get("body") or {}) != {"enabled"}:
            raise ValueError(f"{body}: a proxy can be enabled and disabled; where it listens and leads stays")
        with self._lock:
            answer = self.holding.by_hand(edge, method, path, request.get("body"))
            self._lent.setdefault(key, set()).add(edge)
        return {"status": answer.status_code, "body": answer.text}

    def take_back(self, key: int) -> dict[str, Any]:
        """Edges that a connection had in its own hands are as before; `left` could not be read back so."""
        with self._lock:
            lent = self._lent.pop(key, set())
            return {"left": sorted(edge for edge in lent if not self.holding.take_back(edge))}

    def status(self) -> dict[str, Any]:
        """All injections of all connections, and what disturbed this border so far."""
        now = time.monotonic()
        with self._wishes_lock:
            rows = [
                {
                    "id": wanted.id,
                    "owner": owner.name,
                    "edges": sorted(wanted.edges),
                    "services": sorted(wanted.services),
                    "left_s": round(max(0.0, wanted.until - now), 3),
                    "state": f"lost: {wanted.lost}" if wanted.lost else "holding",
                }
                for owner, wanted in self._desired.all()
            ]
        return {"injections": rows, "disturbances": self.disturbances[-100:]}

    def stats(self, after: int, *, flush: bool) -> tuple[dict[str, Any], int]:
        """What was seen in the seconds after `after`, and the last second that this covers."""
        rows, until = self._watch.rows(after, flush=flush)
        others = self._nft.counters("blocked_other")
        blocked = blocked_rows(self._nft.counters("blocked"), others, self._watch.asked(), self.config.names)
        answer = {"mono_us": time.monotonic_ns() // 1000, "seconds": rows, "canary": self._canary.rows(after, until)}
        return answer | {"blocked": blocked, "lost": self._watch.lost}, until

    def _count(self) -> None:
        lost = self._watch.lost
        self._watch.count()
        self._watch.cut_answers({edge: counted.cut for edge, counted in self.holding.gates.cutting().items()})
        if self._watch.lost > lost:
            self.disturb(f"observation lost {self._watch.lost - lost} packets")

    def _settle(self) -> tuple[dict[str, EdgeState], dict[str, str]]:
        """Makes the wishes so: states read back, and errors per flagged service."""
        with self._wishes_lock:
            states, flags = self._desired.states(), self._desired.flags(time.monotonic())
        held = self.holding.apply(states)
        return held, self._flags.put(flags)

    def _account(
        self, wishes: Iterable[Wanted], held: tuple[dict[str, EdgeState], dict[str, str]]
    ) -> dict[str, dict[str, Any]]:
        """What of these wishes was read back, and what was not."""
        states, _ = held
        wanted_states = self._desired.states()
        holds: dict[str, Any] = {}
        missing: dict[str, Any] = {}
        for wish in wishes:
            told = self._flags.read(sorted(wish.services))
            good = {edge: states[edge] for edge in wish.edges if same(wanted_states[edge], states.get(edge))}
            obeyed = {service: flags for service, flags in told.items() if _includes(flags, wish.services[service])}
            absent = sorted(wish.edges.keys() - good.keys()) + sorted(wish.services.keys() - obeyed.keys())
            states_now = {edge: {"state": asdict(state)} for edge, state in good.items()}
            holds[wish.id] = {"edges": states_now, "services": obeyed}
            if absent:
                missing[wish.id] = absent
        return {"holds": holds, "missing": missing}

    def _verify_all(self, but: Sequence[Wanted] = ()) -> None:
        """Before anything is applied: what somebody removed must be noticed, since applying would put it back.

        Leaves out edges and services of `but`, wishes that were dropped a moment ago and still hold in the world.
        """
        changing = {name for wanted in but for name in (*wanted.edges, *wanted.services)}
        self._verify([wanted for _, wanted in self._desired.all()], changing)

    def _verify(self, wishes: Sequence[Wanted], skip: AbstractSet[str] = frozenset()) -> None:
        """Marks those of these injections as lost that hold no longer by fresh read-back."""
        held = [wish for wish in wishes if not wish.lost]
        if not held:
            return
        wanted = self._desired.states()
        found = self.holding.read({edge for wish in held for edge in wish.edges} - skip)
        told = self._flags.read(sorted({service for wish in held for service in wish.services} - skip))
        for wish in held:
            off = sorted(edge for edge in wish.edges.keys() - skip if not same(wanted[edge], found.get(edge)))
            off += sorted(
                name for name in wish.services.keys() - skip if not _includes(told[name], wish.services[name])
            )
            if off:
                wish.lost = f"no longer so on {', '.join(off[:3])}{' …' if len(off) > 3 else ''}"
                self.disturb(f"injection {wish.id} does not hold any more: {wish.lost}")

    def _keep(self) -> None:
        """Switch 3: refreshes what ends by itself. What somebody removed stays removed, and its injection is lost."""
        gone = self.holding.keep()
        with self._wishes_lock:
            lost = self._desired.lose(gone, "a cut or a rule for requests was removed, or ran out") if gone else []
            flags = self._desired.flags(time.monotonic())
        for injection in lost:
            self.disturb(f"injection {injection} does not hold any more: a cut or a rule was removed, or ran out")
        self._flags.put(flags)

    def _expire(self) -> None:
        """Switch 2: leases and deadlines."""
        now = time.monotonic()
        with self._lock:
            with self._wishes_lock:
                leases, over = self._desired.expired_leases(now), self._desired.expired(now)
            if not leases and not over:
                self._kill(now)
                return
            self._verify_all(but=[*over, *(wanted for _, dropped in leases for wanted in dropped)])
            self._settle()
        for owner, dropped in leases:
            self.emit({"event": "lease_expired", "owner": owner, "injections": [wanted.id for wanted in dropped]})
        for wanted in over:
            self.emit({"event": "expired", "injection": wanted.id})

    def _kill(self, now: float) -> None:
        """Resets live connections where that is due, after new ones are refused or not."""
        with self._wishes_lock:
            edges = self._desired.due_kills(now)
        if edges and not self.holding.kill(edges):
            print(f"no live connection to reset on {', '.join(sorted(edges))}", flush=True)

    def _tend(self) -> None:
        self._canary.server.tend()
        changed = [server.caller for server in self.holding.servers.values() if not server.tend()]
        changed += [] if self.holding.gates.tend() else ["requests"]
        for edge in self.holding.gates.strangers():
            self.disturb("what was said on an http edge is not HTTP: its connection was closed", edge=edge)
        if not changed:
            return
        with self._lock:
            self._verify_all()
            faulted = {edge for _, wanted in self._desired.all() for edge in wanted.edges}.union(*self._lent.values())
            standing = {edge: state for edge, state in self._desired.states().items() if edge not in faulted}
            found = self.holding.read(standing)
            off = [edge for edge, state in standing.items() if not same(state, found.get(edge))]
            if off:
                self.disturb("the standing distance was changed by somebody else, and is put back", edge=off[0])
                self._settle()

    def _callee_changed(self, callee: str, up: bool) -> None:
        self.emit({"event": "callee", "callee": callee, "up": up})

    def _replaced(self, caller: str, reason: str, edge: str) -> None:
        self.disturb(f"proxy replaced: {reason}", caller, edge)


def _includes(told: object, wanted: Mapping[str, Any]) -> bool:
    return isinstance(told, dict) and all(flag in told and told[flag] == value for flag, value in wanted.items())
