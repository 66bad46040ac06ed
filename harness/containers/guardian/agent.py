"""The guardian's agent: wishes in, containers harmed, what holds read back; and everything undone, whoever dies."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from harness.containers.guardian.acts import Acts
from harness.containers.guardian.desired import Desired, Wish, parse_want
from harness.containers.guardian.engine import Refused
from harness.containers.guardian.notes import Note, Notes
from harness.model.act import Act

EXPIRY_CHECK_S = 0.05
MEND_S = 2.0
"""An undo that failed is tried again this often."""

BUSY_S = 1.0
"""A renewal does not wait longer than this for an act under way."""


class Agent:
    """Everything that a control connection can ask for. Safe to call from several threads."""

    def __init__(
        self,
        acts: Acts,
        notes: Notes,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.disturbances: list[dict[str, Any]] = []
        self._acts, self._notes, self._wall, self._now = acts, notes, wall, monotonic
        self._desired = Desired()
        self._stuck: dict[tuple[str, str], str] = {}
        self._turns: dict[str, float] = {}
        self._lock = threading.RLock()
        self._wishes = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="acts")

    def start(self) -> None:
        """First undo what an earlier life of this program left behind; then watch leases, deadlines and loops."""
        self.recover()
        for body, pause_s in ((self.tick, EXPIRY_CHECK_S), (self.mend, MEND_S)):
            threading.Thread(target=_forever, args=(body, pause_s), name=body.__name__, daemon=True).start()

    def recover(self) -> None:
        """Undo what an earlier life of this program wrote down."""
        with self._lock:
            for note in self._notes:
                self.disturb(f"undoing {note.act.act} on {note.service}, left by an earlier life of the guardian")
            if self._notes.unreadable:
                self.disturb(f"the undo file could not be read ({self._notes.unreadable}) and was kept aside")
            self._undo(list(self._notes))

    def emit(self, event: dict[str, Any]) -> None:
        """Tells every connection that listens."""
        for listener in tuple(self.listeners):
            listener(event)

    def disturb(self, what: str) -> None:
        """Something other than a wish changed what holds."""
        event = {"event": "disturbance", "what": what, "caller": "", "edge": ""}
        self.disturbances.append(event | {"mono_us": round(self._now() * 1e6)})
        print(f"disturbance: {what}", flush=True)
        self.emit(event)

    def want(self, key: int, name: str, message: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces the wishes of a connection, makes them so and reads back; ValueError if they cannot be granted."""
        begun = self._now()
        owner = parse_want(message, name, begun)
        lease_s = owner.lease_until - begun
        with self._lock:
            with self._wishes:
                self._desired.want(key, owner)
            self._undo(self._unwanted())
            missing = self._begin(owner.wishes.values(), name)
            holds = {wish.id: {"services": sorted(wish.services)} for wish in owner.wishes.values() if not wish.lost}
            with self._wishes:
                owner.lease_until = self._now() + lease_s
        took_ms = round((self._now() - begun) * 1000, 1)
        return {"holds": holds, "missing": missing, "lost": owner.lost, "left": self._left(), "took_ms": took_ms}

    def renew(self, key: int, lease_s: float) -> dict[str, Any]:
        """Prolongs the lease and says by fresh read-back what still holds."""
        with self._wishes:
            owner = self._desired.owner(key)
            if owner is not None:
                owner.lease_until = self._now() + lease_s
        if owner is None:
            return {"left_s": lease_s, "holds": [], "lost": {}}
        if self._lock.acquire(timeout=BUSY_S):
            try:
                self._verify(owner.wishes.values())
            finally:
                self._lock.release()
        holds = [wish.id for wish in owner.wishes.values() if not wish.lost]
        return {"left_s": lease_s, "holds": holds, "lost": owner.lost}

    def forget(self, key: int) -> None:
        """Switch 1: the connection ended, so do its faults."""
        with self._lock:
            with self._wishes:
                self._desired.forget(key)
            self._undo(self._unwanted())

    def heal(self) -> dict[str, Any]:
        """Undoes everything of everybody and reads back; `left` could not be verified."""
        with self._lock:
            named = list(dict.fromkeys(note.injection for note in self._notes))
            with self._wishes:
                self._desired.clear()
            self._undo(list(self._notes))
            left = self._left()
        self.emit({"event": "healed_by_hand"})
        stuck = {note.injection for note in self._notes}
        return {"healed": [name for name in named if name not in stuck], "left": left}

    def adopt(self, wires: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Undo notes that somebody else kept (a run's journal), for a guardian that lost its own file."""
        notes = [Note.from_wire(wire) for wire in wires]
        with self._lock:
            self._notes.add(note for note in notes if note.key not in {mine.key for mine in self._notes})
            self._undo([note for note in self._notes if note.key in {given.key for given in notes}])
            return {"left": self._left()}

    def status(self) -> dict[str, Any]:
        """Everything that holds or could not be undone, what disturbed this guardian, and how many are connected."""
        now = self._now()
        with self._wishes:
            wished = {wish.id: (owner.name, wish) for owner, wish in self._desired.all()}
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        for note in self._notes:
            wish = wished.get(note.injection, ("", None))[1]
            held = wish is not None and note.service in wish.services
            state = (f"lost: {wish.lost}" if wish.lost else "holding") if wish and held else "stuck"
            left_s = round(max(0.0, wish.until - now), 3) if wish and held else 0.0
            row = {"id": note.injection, "owner": note.owner, "edges": [], "services": [], "act": str(note.act.act)}
            rows.setdefault((note.owner, note.injection), row | {"left_s": left_s, "state": state})
            rows[note.owner, note.injection]["services"].append(note.service)
        told = {"disturbances": self.disturbances[-100:], "connections": len(self.listeners)}
        return {"injections": list(rows.values()), **told}

    def notes(self) -> list[dict[str, Any]]:
        """Everything that is written down, for whoever keeps a second copy."""
        return [note.to_wire() for note in self._notes]

    def note(self, name: str, message: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What would be written down for these wishes, nothing done; ValueError if they cannot be granted."""
        owner = parse_want(message, name, self._now())
        found = []
        for wish in owner.wishes.values():
            for service in wish.services:
                note, reason = self._note(wish, service, name)
                if reason:
                    raise ValueError(reason)
                if note is not None:
                    found.append(note.to_wire())
        return found

    # -- doing and undoing

    def _begin(self, wishes: Iterable[Wish], owner: str) -> dict[str, list[str]]:
        """Starts what is not there yet: written down first, all containers at once, then read back."""
        there = {(note.injection, note.service) for note in self._notes}
        missing: dict[str, list[str]] = {}
        fresh: list[tuple[Wish, Note]] = []
        for wish in wishes:
            for service in wish.services:
                if (wish.id, service) in there or wish.lost:
                    continue
                note, reason = self._note(wish, service, owner)
                if note is None:
                    missing.setdefault(wish.id, []).append(f"{service}: {reason}")
                else:
                    fresh.append((wish, note))
        self._notes.add(note for _, note in fresh)
        for (wish, note), reason in zip(fresh, self._pool.map(self._begun, [n for _, n in fresh]), strict=True):
            self._turns[note.container] = self._now() + note.act.every_s
            if reason:
                missing.setdefault(wish.id, []).append(f"{note.service}: {reason}")
        return missing

    def _begun(self, note: Note) -> str:
        try:
            self._acts.begin(note)
            return self._acts.off(note)
        except (Refused, OSError) as error:
            return str(error)

    def _note(self, wish: Wish, service: str, owner: str) -> tuple[Note | None, str]:
        try:
            container, before = self._acts.before(service)
        except Refused as error:
            return None, str(error)
        until = self._wall() + wish.until - self._now()
        return Note(wish.id, owner, service, container, wish.services[service], before, round(until, 3)), ""

    def _unwanted(self) -> list[Note]:
        """Notes that no wish stands behind any more."""
        wanted = {(wish.id, service): act for _, wish in self._desired.all() for service, act in wish.services.items()}
        return [note for note in self._notes if wanted.get((note.injection, note.service)) != note.act]

    def _undo(self, notes: list[Note]) -> None:
        reasons = list(self._pool.map(self._acts.undo, notes))
        done = [note for note, reason in zip(notes, reasons, strict=True) if not reason]
        for note, reason in zip(notes, reasons, strict=True):
            self._stuck.pop(note.key, None)
            if reason:
                self._stuck[note.key] = reason
                print(f"undo of {note.act.act} on {note.service} failed: {reason}", flush=True)
        if done:
            self._notes.remove(done)

    def _left(self) -> list[str]:
        """What could not be undone, in words."""
        wanted = {(wish.id, service) for _, wish in self._desired.all() for service in wish.services}
        return [
            f"{note.injection}: {self._stuck.get(note.key, 'not undone yet')}"
            for note in self._notes
            if (note.injection, note.service) not in wanted
        ]

    def _verify(self, wishes: Iterable[Wish]) -> None:
        by = {(note.injection, note.service): note for note in self._notes}
        for wish in wishes:
            notes = [by[wish.id, service] for service in wish.services if (wish.id, service) in by]
            off = [reason for note in notes if (reason := self._safely_off(note))]
            if off and not wish.lost:
                wish.lost = "; ".join(off[:3])
                self.disturb(f"injection {wish.id} does not hold any more: {wish.lost}")

    def _safely_off(self, note: Note) -> str:
        try:
            return self._acts.off(note)
        except (Refused, OSError) as error:
            return str(error)

    # -- what goes on by itself

    def tick(self) -> None:
        """What is due now: leases and deadlines that ran out, turns of restart loops."""
        self._expire()
        self._turn()

    def mend(self) -> None:
        """Try again what could not be undone."""
        with self._lock:
            if notes := self._unwanted():
                self._undo(notes)

    def _expire(self) -> None:
        """Switch 2: leases and deadlines."""
        with self._lock:
            with self._wishes:
                leases, over = self._desired.expire(self._now())
            if not leases and not over:
                return
            self._undo(self._unwanted())
        for owner, injections in leases:
            self.emit({"event": "lease_expired", "owner": owner, "injections": injections})
        for injection in over:
            self.emit({"event": "expired", "injection": injection})

    def _turn(self) -> None:
        """Restart loops: whoever is due goes down and comes up again."""
        with self._lock:
            wanted = {wish.id for _, wish in self._desired.all() if not wish.lost}
            loops = [n for n in self._notes if n.act.act is Act.RESTART and n.injection in wanted]
            due = [note for note in loops if self._turns.get(note.container, 0.0) <= self._now()]
            for note in due:
                self._turns[note.container] = self._now() + note.act.every_s
            list(self._pool.map(self._again, due))

    def _again(self, note: Note) -> None:
        try:
            self._acts.again(note)
        except (Refused, OSError) as error:
            print(f"restart of {note.service} failed: {error}", flush=True)


def _forever(body: Callable[[], None], pause_s: float) -> None:
    while True:
        try:
            body()
        except Exception:
            traceback.print_exc()
        time.sleep(pause_s)
