"""The way of one run: load on, baseline, faults on their clock, watch, heal on every way out, recovery observed."""

from __future__ import annotations

import bisect
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass

from harness.model.errors import HarnessError, LoadError
from harness.model.objective import Stop
from harness.model.plan import STEADY, Phase, Plan
from harness.model.progress import PhaseChanged, Said, Tick
from harness.model.record import PhaseWindow
from harness.runner.bounds import bounds_of
from harness.runner.desired import changes_at
from harness.runner.heal import heal
from harness.runner.heartbeat import Heartbeat, Pulse, canary_seconds, edge_seconds
from harness.runner.injector import CONTAINERS, Injector, place_of
from harness.runner.ports import Wire
from harness.runner.probing import Probing
from harness.runner.rig import Rig
from harness.runner.steps import Steps
from harness.runner.stop import StopWatch

PACE_S = 0.05
DRAIN_S = 30.0
"""How long the load may take to account for everything after its last arrival, beyond its longest deadline."""
AFTER_STOP_S = 10.0
"""How long recovery is still observed after a stop condition."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `status`: completed | aborted | errored; `cleanup`: verified | unverified."""

    status: str
    cleanup: str
    signal: int = 0
    reason: str = ""


def execute(plan: Plan, rig: Rig) -> Ended:
    """Run `plan` on a stack that is up. Never raises for what happens during the run; heals on every way out."""
    return Execution(plan, rig).run()


class Execution:
    """One run on its way; `run` once."""

    def __init__(self, plan: Plan, rig: Rig) -> None:
        self.plan, self.rig = plan, rig
        self.start_mono = 0.0
        self.end_s = plan.end_s
        self.ordered_s = plan.end_s - plan.start_s
        self.on_begun: Callable[[], None] = lambda: None
        self.broken_baseline = ""
        """Why nothing was broken: the baseline was not what it should be."""
        self.injector = Injector(
            plan, rig.borders, rig.journal, rig.say, self.run_us, forbidden=bounds_of(plan, rig.protected),
            guardian=rig.guardian, spawn=rig.spawn,
        )  # fmt: skip
        self.stops = StopWatch(plan.stops)
        self.moments = changes_at(plan)
        self.steps = self._steps()
        self.probing = Probing(plan, rig, self.run_us)
        self.applied_s = float("-inf")
        self.phase: Phase | None = None
        self.started = False
        self.halted = ""
        self.heard_mono = 0.0
        self.blocked: dict[str, list[Wire]] = {}
        self.hearts: list[Pulse] = [
            Heartbeat(region, border, on_lost=self._lost, on_rows=rig.inbox.rows, on_dead=self._dead)
            for region, border in rig.borders.items()
        ]
        if rig.guardian is not None:
            self.hearts.append(Pulse(CONTAINERS, rig.guardian.renew, on_lost=self._lost, on_dead=self._dead))

    def _steps(self) -> Steps:
        rig, post = self.rig, self.rig.inbox.call
        return Steps(self.plan.steps, rig.doer, journal=rig.journal, say=rig.say, now_us=self.run_us, post=post)

    # -- clocks

    def run_us(self) -> int:
        return round((self.rig.clock.monotonic() - self.start_mono) * 1e6)

    def wall_s(self) -> float:
        """Seconds from t=0, the end of steady."""
        return self.run_us() / 1e6 + self.plan.start_s

    # -- a plan that grows

    def replan(self, plan: Plan) -> None:
        """From now on `plan` holds. On the run's own thread, or before it began.

        Load, stop conditions, steps and probes stay those of the first plan; nothing that is over may differ.
        """
        self.plan, self.moments = plan, changes_at(plan)
        self.end_s = plan.end_s
        self.injector.replan(plan)
        self._note_phases(self.end_s)
        self.injector.apply(self.wall_s())

    def end_now(self) -> None:
        """Nothing more is to come, as if the plan ended here. On the run's own thread."""
        self.end_s = min(self.end_s, self.wall_s())

    def _note_phases(self, until_s: float) -> None:
        self.rig.store.set_zero(round(-self.plan.start_s * 1e6))
        self.rig.store.set_phases(self._windows(until_s))

    # -- the way

    def run(self) -> Ended:
        status, reason = "completed", ""
        try:
            self._begin()
            self._loop()
            if self.rig.clock.failure:
                status, reason = "errored", self.rig.clock.failure
            elif self.rig.clock.stopped:
                status, reason = "aborted", self.halted or "stopped by a signal"
        except HarnessError as error:  # the environment, or a second signal: not a bug, and no reason not to heal
            status, reason = ("aborted" if self.rig.clock.signal else "errored"), str(error)
        except Exception as error:  # a bug of ours must still heal
            status, reason = "errored", f"internal: {error!r}"
            self.rig.journal.write("crash", reason=repr(error))
            self._finish(status, reason)
            raise
        return self._finish(status, reason)

    def _begin(self) -> None:
        self.start_mono = self.rig.load.start()
        self.started = True
        zero_us = round(-self.plan.start_s * 1e6)
        self._note_phases(self.end_s)
        self.rig.journal.write("anchor", load_start_mono=self.start_mono, zero_us=zero_us)
        for heart in self.hearts:
            heart.start()
        self.probing.start()
        self.on_begun()

    def _loop(self) -> None:
        clock, next_tick = self.rig.clock, 0.0
        while (wall := self.wall_s()) < self.end_s and not clock.stopped and not self._told_to_halt():
            self._enter_phase(wall)
            self._apply_due(wall)
            self.steps.begin_due(wall)
            self._drain()
            if clock.monotonic() >= next_tick:
                next_tick = clock.monotonic() + 1.0
                self._second(wall)
            clock.wait(min(PACE_S, max(0.0, self._next_moment(wall) - self.wall_s())))
        if self.injector.holding:
            self._apply_due(self.end_s)

    def _told_to_halt(self) -> bool:
        """Somebody engaged the lever: this run ends like one that was stopped by SIGTERM."""
        if why := self.rig.halted():
            self.halted = f"halted: {why}"
            self.rig.journal.write("halted", reason=why, at_us=self.run_us())
            self.rig.say(Said(self.halted, warning=True))
            self.rig.clock.stop(signal.SIGTERM)
        return bool(self.halted)

    def _next_moment(self, wall: float) -> float:
        index = bisect.bisect_right(self.moments, wall)
        change = self.moments[index] if index < len(self.moments) else self.end_s
        return min(change, self.steps.next_s(), self.end_s)

    def _apply_due(self, wall: float) -> None:
        if any(self.applied_s < moment <= wall for moment in self.moments):
            self.injector.apply(wall)
        self.applied_s = wall

    def _enter_phase(self, wall: float) -> None:
        current = next((phase for phase in self.plan.phases if phase.start_s <= wall < phase.end_s), None)
        if current is self.phase:
            return
        if self.phase is not None:
            self.rig.journal.write("phase_ended", phase=self.phase.name, at_us=self.run_us())
            if self.phase.name == STEADY:
                self._baseline()
        self.phase = current
        if current is not None:
            self.rig.journal.write("phase_started", phase=current.name, at_us=self.run_us())
            self.rig.say(PhaseChanged(current.name, wall))

    def _baseline(self) -> None:
        """Nothing is broken on a stack that was not steady before."""
        self._drain()
        self.rig.store.commit()
        if broken := self.rig.baseline_broken():
            self.broken_baseline = broken
            self.rig.journal.write("steady_failed", reason=broken)
            self.rig.say(Said(f"not steady before anything was broken: {broken}", warning=True))
            self.injector.halt()
            self.steps.drop()
            self.end_s = min(self.end_s, self.wall_s())

    # -- once a second

    def _second(self, wall: float) -> None:
        flows = tuple(self.rig.window.now(self.run_us()))
        left = self.end_s - wall
        name = self.phase.name if self.phase else "warm-up"
        self.rig.say(Tick(name, wall, self.plan.incident_s(wall), left, self.injector.holding, flows))
        if self.rig.load.finished and left > 1.0:
            raise LoadError(f"the load generator ended {left:.0f} s early; its last words are in the run's logs")
        silent_s = self.rig.clock.monotonic() - max(self.heard_mono, self.start_mono)
        if wall >= 0 and (stop := self.stops.ask(wall, flows, self.rig.gauge(), self.probing.last, silent_s)):
            self._stop(stop, wall)

    def _stop(self, stop: Stop, wall: float) -> None:
        self.rig.journal.write("stop_condition", text=stop.text, verdict=stop.verdict, at_us=self.run_us())
        self.rig.say(Said(f"stop condition met: {stop.text}", warning=True))
        self.injector.halt()
        self.steps.drop()
        self.injector.apply(wall)
        self.stops = StopWatch(())
        self.end_s = min(self.end_s, wall + AFTER_STOP_S)

    # -- what other threads bring

    def _lost(self, injection: str, reason: str) -> None:
        self.rig.inbox.call(lambda: self.injector.lost(injection, reason))

    def _dead(self, region: str, reason: str) -> None:
        def note() -> None:
            self.rig.journal.write("control_lost", border=region, reason=reason)
            self.rig.say(Said(f"{place_of(region)} was lost: {reason}", warning=True))
            for name in self.injector.told_names(region):
                self.injector.lost(name, f"{place_of(region)} was lost")

        self.rig.inbox.call(note)

    def border_event(self, region: str, event: Wire) -> None:
        """An unasked event of a border's control stream (called from its reader thread)."""
        self.rig.inbox.call(lambda: self._border_event(region, event))

    def _border_event(self, region: str, event: Wire) -> None:
        kind, fields = str(event.get("event", "")), {k: v for k, v in event.items() if k != "event"}
        if kind == "wanted":
            if event.get("owner") == self.rig.name:
                return
            kind = "fault_by_hand"
            self.rig.say(
                Said(f"a fault was added by hand ({event.get('owner')}); this run decides nothing", warning=True)
            )
        fields.pop("border", None)
        self.rig.journal.write(kind or "unknown", border=region, at_us=self.run_us(), **fields)
        if kind == "healed_by_hand":
            self.rig.say(Said("all faults were lifted by hand; load and measuring go on", warning=True))
            self.injector.halt()
            self.injector.apply(self.wall_s())
        if kind == "lease_expired":
            for name in event.get("injections", ()):
                self.injector.lost(str(name), "auto-undo: the controller was silent for too long")

    def _drain(self) -> None:
        self.probing.drain()
        samples, rows, calls = self.rig.inbox.drain()
        for call in calls:
            call()
        if samples:
            self.heard_mono = self.rig.clock.monotonic()
            self.rig.store.add_samples(samples)
            self.rig.window.add(samples)
        for region, answer in rows:
            border = self.rig.borders[region]
            shift = -border.clock_offset_us - round(self.start_mono * 1e6)
            seconds = edge_seconds(answer, shift)
            self.rig.store.add_edge_seconds(seconds)
            self.rig.edge_bytes.add(seconds, self.run_us())
            self.rig.store.add_canary(canary_seconds(answer, region, shift))
            self.blocked[region] = answer.get("blocked", [])

    # -- the way out

    def _finish(self, status: str, reason: str) -> Ended:
        rig, ended_s = self.rig, min(self.wall_s(), self.end_s) if self.started else self.plan.start_s
        self.probing.stop()
        verified = heal(rig, self.injector)
        self._quietly(self.steps.end)
        early = self.started and (self.run_us() / 1e6 < self.ordered_s - 0.5 or status != "completed")
        self._quietly(lambda: self._end_load(early))
        if status == "completed" and (lost := rig.load.error) is not None:
            status, reason = "errored", str(lost)
        for heart in self.hearts if self.started else ():
            heart.stop()
        self._quietly(self._drain)
        if self.started:
            self._quietly(lambda: self._note_phases(ended_s))
        self._quietly(rig.store.commit)
        self._quietly(self._note_blocked)
        ended = Ended(status, "verified" if verified else "unverified", rig.clock.signal, reason)
        rig.journal.write("run_closed", **asdict(ended))
        self.injector.close()
        return ended

    def _end_load(self, early: bool) -> None:
        load = self.rig.load
        if early:
            load.stop()
        longest = max((flow.deadline_s for flow in self.plan.load.flows), default=0.0)
        if not load.wait(longest + DRAIN_S):
            load.stop()
        account = load.account()
        self.rig.journal.write(
            "load_report",
            offered=account.offered,
            rows=account.rows,
            late=account.late,
            no_slot=account.no_slot,
            lateness_p99_s=account.lateness_p99_s,
        )

    def _note_blocked(self) -> None:
        """Undeclared calls, with the name of the container that was meant where the engine knows it."""
        names = self.rig.addresses() if any(self.blocked.values()) else {}
        for region, calls in self.blocked.items():
            named = [{**call, "name": call.get("name") or names.get(call.get("to", ""), "")} for call in calls]
            self.rig.journal.write("blocked", border=region, calls=named)

    def _quietly(self, step: Callable[[], None]) -> None:
        """The way out goes on whatever one of its steps does; what it did is written down."""
        try:
            step()
        except Exception as error:
            self.rig.journal.write("guard", name="way out", reason=repr(error))

    def _windows(self, until_s: float) -> list[PhaseWindow]:
        """Phases on the run's clock, cut at `until_s`; a phase that never began is left out."""
        shift = -self.plan.start_s
        return [
            PhaseWindow(p.name, round((p.start_s + shift) * 1e6), round((min(p.end_s, until_s) + shift) * 1e6))
            for p in self.plan.phases
            if p.start_s < until_s
        ]
