"""Brings borders and containers to what should hold, and keeps the life of every injection in the journal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from harness.faults.catalogue import acts_on, changes_of, fault_words
from harness.faults.contract import ActsOn
from harness.model.errors import ControlLost
from harness.model.fault import Injection, State
from harness.model.plan import Plan
from harness.model.progress import InjectionChanged, Listener, Said
from harness.runner.acts import Spawn, ToldActs, at_once
from harness.runner.desired import Want, acts_at, desired, holding_at
from harness.runner.heartbeat import LEASE_S
from harness.runner.ports import Acts, BorderPort, GuardianPort, NowUs, Wire

UNKNOWN = Want(faults={"?": (0.0, {})})
"""Remembered for a border that did not answer: differs from everything, so it is told again."""
CONTAINERS = "containers"
"""Where the helper that harms containers stands beside the regions of the borders."""


class JournalPort(Protocol):
    """Where events go; flushed before the next step."""

    def write(self, event: str, **fields: object) -> None:
        """Append one event."""


class Injector:
    """Holds the state of every injection of one run. `now_us` reads the run's clock.

    Borders are told in the caller's time, the helper for containers in that of `spawn`.
    """

    def __init__(
        self,
        plan: Plan,
        borders: Mapping[str, BorderPort],
        journal: JournalPort,
        listener: Listener,
        now_us: NowUs,
        *,
        forbidden: Forbidden = lambda one, together: "",
        guardian: GuardianPort | None = None,
        spawn: Spawn = at_once,
    ) -> None:
        self._plan, self._borders, self._now_us = plan, borders, now_us
        self._journal, self._listener, self._forbidden = journal, listener, forbidden
        self._acts = ToldActs(guardian, spawn, self._acts_done, self._acts_lost)
        self._on_services = {one.id for one in plan.injections if acts_on(one.fault) is ActsOn.SERVICES}
        self._asked: set[str] = set()
        self._state: dict[str, State] = {injection.id: State.PENDING for injection in plan.injections}
        self._off: set[str] = set()
        self._told: dict[str, Want] = {region: Want() for region in borders}
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(borders)), thread_name_prefix="inject")

    def replan(self, plan: Plan) -> None:
        """The plan grew, or an injection of it ends at another moment; what became of the known ones stays."""
        with self._lock:
            self._plan = plan
            self._on_services = {one.id for one in plan.injections if acts_on(one.fault) is ActsOn.SERVICES}
            for injection in plan.injections:
                self._state.setdefault(injection.id, State.PENDING)

    def state_of(self, injection: str) -> State:
        """What became of one injection so far; pending where nobody knows it."""
        return self._state.get(injection, State.PENDING)

    @property
    def holding(self) -> tuple[str, ...]:
        """Ids of the injections that hold now."""
        return tuple(name for name, state in self._state.items() if state is State.HOLDING)

    def apply(self, wall_s: float) -> None:
        """Make true what the plan says for `wall_s`; only borders whose desired state differs are called."""
        with self._lock:
            self._forbid(wall_s)
            wants = desired(self._plan, wall_s, self._off)
            changed = {r: want for r, want in wants.items() if r in self._borders and _differs(want, self._told[r])}
            due = {injection.id for injection in holding_at(self._plan.injections, wall_s, self._off)}
            starting = [n for n in due if self._state[n] is State.PENDING and n not in self._asked]
            for name in starting:
                self._journal.write("injection_pending", injection=name, at_us=self._now_us())
            self._asked |= set(starting)
            moved = set().union(*(_moved(want, self._told[region]) for region, want in changed.items()))
            answers = self._tell(changed)
            begun = [name for name in starting if name not in self._on_services]
            self._note_starts(begun, answers)
            self._note_changes((due & moved) - set(begun))
            self._note_heals([name for name in self._held_by_borders() if name not in due], answers)
            self._acts.tell(acts_at(self._plan, wall_s, self._off))

    def _forbid(self, wall_s: float) -> None:
        """What may not be is left out before anything is told; bounds may have become narrower since it was planned."""
        together = tuple(holding_at(self._plan.injections, wall_s, self._off))
        for one in together:
            if self._state[one.id] is State.PENDING and (why := self._forbidden(one, together)):
                self._enter(one.id, State.LOST, reason=f"refused: {why}")
                self._off.add(one.id)

    def lost(self, injection: str, reason: str) -> None:
        """Somebody or something took an injection away; it stays away for the rest of the run."""
        with self._lock:
            if self._state.get(injection) is not State.HOLDING:
                return
            self._enter(injection, State.LOST, reason=reason)
            self._off.add(injection)

    def halt(self) -> None:
        """Leave every injection out from now on; the caller applies or heals next."""
        with self._lock:
            self._off |= set(self._state)

    def forget(self, region: str) -> None:
        """A border was replaced and holds nothing of ours."""
        with self._lock:
            self._told[region] = Want()

    def heal_all(self) -> bool:
        """Lift everything, border by border, and read it back. False if anybody could not be read."""
        self.halt()
        self._acts.tell({}, again=True)
        with self._lock:
            self._told = dict.fromkeys(self._borders, UNKNOWN)
            answers = self._tell({region: Want() for region in self._borders})
            verified = all(answer is not None and not answer.get("left") for answer in answers.values())
            for name in self._held_by_borders():
                self._enter(name, State.HEALED if verified else State.STUCK)
        return self._acts.finish() and verified

    def close(self) -> None:
        """Let the worker threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _tell(self, wants: Mapping[str, Want]) -> dict[str, Wire | None]:
        answers = dict(zip(wants, self._pool.map(self._tell_one, wants.items()), strict=True))
        for region, answer in answers.items():
            self._told[region] = wants[region] if answer is not None else UNKNOWN
        return answers

    def _tell_one(self, item: tuple[str, Want]) -> Wire | None:
        region, want = item
        try:
            return self._borders[region].want(want.faults, want.flags, LEASE_S)
        except ControlLost as error:
            self._journal.write("control_lost", border=region, reason=str(error))
            self._listener(Said(f"proxy of {region} does not answer: {error}", warning=True))
            return None

    def _acts_done(self, acts: Acts, answer: Wire | None) -> None:
        """The helper for containers carried out a wish, or did not answer."""
        with self._lock:
            waiting = [name for name in acts if self._state[name] is State.PENDING]
            self._note_starts(waiting, {CONTAINERS: answer})
            if any(self._state[name] is State.LOST for name in waiting):
                # What took hold of some of its containers only is undone at once.
                self._acts.tell({name: act for name, act in self._acts.wish.items() if name not in self._off})
            ended = [name for name in self.holding if name in self._on_services and name not in acts]
            self._note_heals(ended, {CONTAINERS: answer})

    def _acts_lost(self, reason: str) -> None:
        self._journal.write("control_lost", border=CONTAINERS, reason=reason)
        self._listener(Said(f"the helper for containers does not answer: {reason}", warning=True))

    def _held_by_borders(self) -> list[str]:
        return [name for name in self.holding if name not in self._on_services]

    def _note_starts(self, starting: list[str], answers: Mapping[str, Wire | None]) -> None:
        missing: dict[str, list[str]] = {}
        for region, answer in answers.items():
            if answer is None:
                for name in self.told_names(region):
                    missing.setdefault(name, []).append(place_of(region))
                continue
            for name, places in answer.get("missing", {}).items():
                missing.setdefault(name, []).extend(places)
        for name in starting:
            if name in missing:
                self._enter(name, State.LOST, reason=f"did not hold on {', '.join(missing[name][:5])}")
                self._off.add(name)
            else:
                took = max((float(answer.get("took_ms", 0)) for answer in answers.values() if answer), default=0.0)
                self._enter(name, State.HOLDING, took_ms=took)

    def told_names(self, region: str) -> set[str]:
        """Injections that depend on this border, or on the helper for containers."""
        if region == CONTAINERS:
            return {i.id for i in self._plan.injections if acts_on(i.fault) is ActsOn.SERVICES}
        edges = {edge.id for edge in self._plan.stack.edges if edge.caller_region == region}
        by_borders = (i for i in self._plan.injections if acts_on(i.fault) is not ActsOn.SERVICES)
        return {i.id for i in by_borders if edges & set(i.edges) or acts_on(i.fault) is ActsOn.FLAGS}

    def _note_changes(self, moved: set[str]) -> None:
        """Steps of a fault that changes while it holds; that its border was told about another one is no step of it."""
        for injection in self._plan.injections:
            if injection.id in moved and changes_of(injection.fault):
                self._journal.write("injection_changed", injection=injection.id, at_us=self._now_us())

    def _note_heals(self, ended: list[str], answers: Mapping[str, Wire | None]) -> None:
        silent = [region for region, answer in answers.items() if answer is None]
        left = [text for answer in answers.values() if answer for text in answer.get("left", ())]
        for name in ended:
            stuck = silent or [text for text in left if str(text).startswith(f"{name}:")]
            self._enter(name, State.STUCK if stuck else State.HEALED, silent=silent, left=left)

    def _enter(self, name: str, state: State, **fields: object) -> None:
        self._state[name] = state
        self._journal.write(f"injection_{state}", injection=name, at_us=self._now_us(), **fields)
        injection = next(i for i in self._plan.injections if i.id == name)
        detail = str(fields.get("reason") or fault_words(injection.fault) + f" on {injection.target}")
        self._listener(InjectionChanged(name, str(state), detail))


class Forbidden(Protocol):
    """Bounds at the moment of injection."""

    def __call__(self, one: Injection, together: tuple[Injection, ...]) -> str:
        """Why `one` may not begin beside `together` (itself included); '' if it may."""


def place_of(region: str) -> str:
    """Who was told, in words."""
    return "the helper for containers" if region == CONTAINERS else f"proxy of {region}"


def _differs(new: Want, old: Want) -> bool:
    """Whether the faults themselves differ; the seconds left do not count."""
    return bool(_moved(new, old))


def _moved(new: Want, old: Want) -> set[str]:
    """Injections of which something else holds on this border."""
    return {name for name in new.injections | old.injections if _bare(new, name) != _bare(old, name)}


def _bare(want: Want, name: str) -> object:
    nothing: tuple[float, None] = (0.0, None)
    return want.faults.get(name, nothing)[1], want.flags.get(name, nothing)[1]
