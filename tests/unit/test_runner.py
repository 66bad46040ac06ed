"""The runner against scripted proxies and a scripted load, on a virtual clock."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from harness.model.effect import Cut
from harness.model.errors import CleanupUnverified, ClusterError, ControlLost, LoadError
from harness.model.fault import Fault, Flap, Injection
from harness.model.finding import LoadAccount
from harness.model.load import Flow, Load, Outcome, RatePoint, Sample
from harness.model.objective import Stop
from harness.model.plan import Limits, Phase, Plan
from harness.model.progress import FlowNow, StepChanged
from harness.model.stack import INTERNET, Edge, Entry, Service, Stack
from harness.model.step import Step, StepKind, StepOutcome, StepState
from harness.runner.desired import changes_at, desired
from harness.runner.rig import Inbox, Rig, StopClock
from harness.runner.run import Execution
from harness.runner.stop import StopWatch

ENTRY = Edge("load", "web", 80, caller_region=INTERNET, callee_region="east")
INNER = Edge("web", "db", 5432, caller_region="east", callee_region="west")
ASIDE = Edge("web", "idp", 80, caller_region="east", callee_region="east")
STACK = Stack("shop", (Service("web", "east", entry=Entry(80)), Service("db", "west")), (ENTRY, INNER))
SLOW = Injection("slow-db", Fault("slow", latency_s=0.3), "web->db", "gone", 0.0, 10.0, edges=(INNER.id,))
CUT = Injection("cut-web", Fault("hang"), "load->web", "gone", 2.0, 6.0, edges=(ENTRY.id,))


def plan_with(*injections: Injection, stops: tuple[Stop, ...] = ()) -> Plan:
    """Five seconds of warm-up, ten steady, ten broken, ten after."""
    return Plan(
        name="shop", title="", file="x.chaos.yaml", sha256="", seed=1, stack=STACK,
        load=Load((RatePoint(0, 10),), (Flow("web", "web", 80),)), warmup_s=5.0,
        phases=(Phase("steady", -10, 0), Phase("gone", 0, 10), Phase("after", 10, 20)),
        injections=injections, stops=stops,
    )  # fmt: skip


class VirtualClock(StopClock):
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__(lambda: self.now)
        self.at: list[tuple[float, Any]] = []

    def wait(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        for moment, action in list(self.at):
            if self.now - 1000.0 >= moment:
                self.at.remove((moment, action))
                action()


class FakeBorder:
    """A proxy that holds what it is told, unless it was told to fail."""

    clock_offset_us = 0

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.held, self.wants = clock, {}, []
        self.dead = False
        self.missing: dict[str, list[str]] = {}

    def want(self, faults: dict[str, Any], flags: dict[str, Any], lease_s: float) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer in 3 s")
        self.held = {**faults, **flags}
        self.wants.append((round(self.clock.now - 1015.0, 2), sorted(self.held)))
        return {"holds": {}, "missing": {k: v for k, v in self.missing.items() if k in self.held}, "took_ms": 1}

    def renew(self, lease_s: float) -> dict[str, Any]:
        return {"left_s": 3, "holds": list(self.held), "lost": {}}

    def stats(self, *, flush: bool = False) -> dict[str, Any]:
        return {"seconds": [], "canary": [], "blocked": []}

    def status(self) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer in 3 s")
        return {"injections": [{"id": name} for name in self.held]}

    def heal(self) -> dict[str, Any]:
        self.held = {}
        return {"healed": [], "left": []}

    def down(self, service: str, down: bool) -> None: ...

    def close(self) -> None:
        self.held = {}


class FakeLoad:
    """A generator that keeps its word, or dies."""

    def __init__(self, clock: VirtualClock, dies_at: float = float("inf")) -> None:
        self.clock, self.dies_at, self.stopped = clock, dies_at, False

    def start(self) -> float:
        return self.clock.now

    @property
    def finished(self) -> bool:
        return self.clock.now - 1000.0 >= self.dies_at

    @property
    def error(self) -> LoadError | None:
        return LoadError("the load program was killed") if self.finished else None

    def account(self) -> LoadAccount:
        return LoadAccount(offered=300, rows=300)

    def stop(self) -> None:
        self.stopped = True

    def wait(self, timeout_s: float) -> bool:
        return True


class Memory:
    """Journal, store, window and listener in one: remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.said: list[Any] = []
        self.phases: list[Any] = []
        self.samples: list[Sample] = []
        self.flows: list[FlowNow] = []

    def write(self, event: str, **fields: object) -> None:
        self.events.append((event, fields))

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.events if name == event]

    def add_samples(self, samples: list[Sample]) -> None:
        self.samples += samples

    def add_edge_seconds(self, rows: list[Any]) -> None: ...
    def add_canary(self, rows: list[Any]) -> None: ...
    def set_zero(self, us: int) -> None: ...
    def commit(self) -> None: ...

    def set_phases(self, phases: list[Any]) -> None:
        self.phases = phases

    def add(self, samples: Any) -> None: ...

    def now(self, run_us: int) -> list[FlowNow]:
        return self.flows


class Bench:
    """One run, wired to fakes."""

    def __init__(self, plan: Plan, dies_at: float = float("inf")) -> None:
        self.clock, self.memory, self.inbox = VirtualClock(), Memory(), Inbox()
        self.borders = {region: FakeBorder(self.clock) for region in ("east", "west", INTERNET)}
        self.load = FakeLoad(self.clock, dies_at)
        self.rig = Rig(
            self.borders,
            self.load,
            self.memory,
            self.memory,
            self.memory,
            self.inbox,
            self.clock,
            self.memory.said.append,
        )
        self.execution = Execution(plan, self.rig)

    def run(self):
        return self.execution.run()


def test_faults_hold_on_the_border_of_the_caller_and_only_for_their_window():
    bench = Bench(plan_with(SLOW, CUT))
    ended = bench.run()
    assert (ended.status, ended.cleanup) == ("completed", "verified")
    assert [names for _, names in bench.borders["east"].wants] == [["slow-db"], [], []]
    cut = [(at, names) for at, names in bench.borders[INTERNET].wants if names]
    assert cut == [(pytest.approx(2.0, abs=0.06), ["cut-web"])]
    assert not any(names for _, names in bench.borders["west"].wants)


def test_every_injection_goes_pending_holding_healed_in_the_journal():
    bench = Bench(plan_with(SLOW))
    bench.run()
    life = [name for name, fields in bench.memory.events if fields.get("injection") == "slow-db"]
    assert life == ["injection_pending", "injection_holding", "injection_healed"]
    holding = bench.memory.of("injection_holding")[0]["at_us"]
    assert holding == pytest.approx(15_000_000, abs=100_000)


def test_a_signal_heals_and_ends_aborted():
    bench = Bench(plan_with(SLOW))
    bench.clock.at.append((18.0, lambda: bench.clock.stop(15)))
    ended = bench.run()
    assert (ended.status, ended.signal, ended.cleanup) == ("aborted", 15, "verified")
    assert bench.borders["east"].held == {}
    assert bench.load.stopped


def test_a_border_that_does_not_answer_at_the_end_leaves_the_clean_up_unverified():
    bench = Bench(plan_with(SLOW))
    bench.clock.at.append((20.0, lambda: setattr(bench.borders["east"], "dead", True)))
    ended = bench.run()
    assert ended.cleanup == "unverified"
    assert "border_replaced" in bench.memory.names()


def test_a_border_that_is_replaced_clean_verifies_the_clean_up():
    bench = Bench(plan_with(SLOW))
    bench.rig.repair = lambda region: region == "east"
    bench.clock.at.append((20.0, lambda: setattr(bench.borders["east"], "dead", True)))
    assert bench.run().cleanup == "verified"


def test_an_edge_that_was_not_read_back_is_lost_and_left_out():
    bench = Bench(plan_with(SLOW))
    bench.borders["east"].missing = {"slow-db": [INNER.id]}
    bench.run()
    assert INNER.id in bench.memory.of("injection_lost")[0]["reason"]
    assert not bench.memory.of("injection_holding")


def test_healed_by_hand_lifts_everything_and_the_load_goes_on():
    bench = Bench(plan_with(SLOW))
    bench.clock.at.append((18.0, lambda: bench.execution.border_event("east", {"event": "healed_by_hand"})))
    ended = bench.run()
    assert ended.status == "completed" and not bench.load.stopped
    assert bench.memory.of("injection_healed")[0]["at_us"] == pytest.approx(18_000_000, abs=200_000)
    assert "healed_by_hand" in bench.memory.names()


def test_a_broken_baseline_means_that_nothing_is_broken_on_top():
    bench = Bench(plan_with(SLOW))
    bench.rig.baseline_broken = lambda: "web: availability 80 %, limit >= 99 %"
    bench.run()
    assert not bench.memory.of("injection_holding")
    assert bench.memory.of("steady_failed")
    assert [window.name for window in bench.memory.phases] == ["steady"]


def test_a_load_that_dies_makes_the_run_errored_and_heals():
    bench = Bench(plan_with(SLOW), dies_at=17.0)
    ended = bench.run()
    assert ended.status == "errored" and "ended" in ended.reason
    assert bench.borders["east"].held == {}


def test_a_load_that_dies_in_the_last_second_makes_the_run_errored_all_the_same():
    bench = Bench(plan_with(SLOW), dies_at=34.7)
    ended = bench.run()
    assert (ended.status, ended.reason) == ("errored", "the load program was killed")


def test_a_load_that_cannot_start_is_errored_without_a_phase():
    bench = Bench(plan_with(SLOW))

    def fail() -> float:
        raise LoadError("no answer from web:80")

    bench.load.start = fail  # type: ignore[method-assign]
    ended = bench.run()
    assert ended.status == "errored" and bench.memory.phases == []


def test_a_run_that_cannot_go_on_heals_and_says_why():
    bench = Bench(plan_with(SLOW))
    bench.clock.at.append((18.0, lambda: bench.clock.fail("the journal cannot be written: No space left on device")))
    ended = bench.run()
    assert (ended.status, ended.cleanup, ended.signal) == ("errored", "verified", 0)
    assert "No space left" in ended.reason
    assert bench.borders["east"].held == {} and bench.load.stopped


def test_a_store_that_takes_nothing_more_is_no_bug_of_ours_and_everything_is_lifted():
    bench = Bench(plan_with(SLOW))
    bench.rig.store = FullStore()
    bench.clock.at.append((18.0, lambda: bench.inbox.samples([Sample(1, "web", 5, Outcome.OK)])))
    ended = bench.run()
    assert (ended.status, ended.cleanup) == ("errored", "verified")
    assert "disk full" in ended.reason and "crash" not in bench.memory.names()
    assert bench.borders["east"].held == {}


class FullStore(Memory):
    """A disk that fills up in mid-run."""

    def add_samples(self, samples: list[Sample]) -> None:
        raise ClusterError("samples cannot be written: disk full")

    commit = set_phases = lambda self, *_: None  # type: ignore[assignment]


def test_a_second_signal_ends_the_run_aborted_and_not_as_a_bug():
    bench = Bench(plan_with(SLOW))

    def twice() -> None:
        bench.clock.stop(2)
        raise CleanupUnverified("stopped twice")

    bench.clock.at.append((18.0, twice))
    ended = bench.run()
    assert (ended.status, ended.signal) == ("aborted", 2)
    assert bench.borders["east"].held == {} and "crash" not in bench.memory.names()


def test_a_stop_condition_lifts_the_faults_and_ends_the_timeline_early():
    stop = Stop("web.availability < 20% for 2s", "web", "availability", True, 0.2, 2.0, "failed")
    bench = Bench(plan_with(SLOW, stops=(stop,)))
    bench.memory.flows = [FlowNow("web", 0.05, 2.0, 10.0)]
    bench.run()
    assert bench.memory.of("stop_condition")[0]["verdict"] == "failed"
    last = bench.memory.phases[-1]
    assert last.end_us < 35_000_000 - 5_000_000


def test_a_listener_that_raises_never_ends_a_run():
    bench = Bench(plan_with(SLOW))

    def broken(event: object) -> None:
        raise RuntimeError("terminal gone")

    bench.rig.listener = broken
    assert bench.run().status == "completed"


def test_a_ramp_is_one_injection_with_a_change_at_every_step():
    ramp = Injection(
        "ramp", Fault("slow", latency_s=0.4, ramp_from_s=0.0, ramp_over_s=8.0, ramp_steps=4), "web->db",
        "gone", 0.0, 10.0, edges=(INNER.id,),
    )  # fmt: skip
    plan = plan_with(ramp)
    assert changes_at(plan) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    latencies = [desired(plan, at)["east"].faults["ramp"][1][INNER.id].latency_ms for at in (0, 2, 4.5, 6, 9)]
    assert latencies == [0, 100, 200, 300, 400]
    bench = Bench(plan)
    bench.run()
    assert len(bench.memory.of("injection_changed")) == 4
    assert len(bench.memory.of("injection_holding")) == 1


def test_only_its_own_steps_are_written_down_for_a_fault_that_changes():
    """The same proxy is told about another fault in between: that is no step of the one that flaps."""
    flapping = Injection(
        "flap", Fault("refuse", flap=Flap(3.0, 3.0, 2)), "web->db", "gone", 0.0, 10.0, edges=(INNER.id,)
    )
    beside = Injection("beside", Fault("slow", latency_s=0.1), "web->idp", "gone", 1.0, 2.0, edges=(ASIDE.id,))
    bench = Bench(replace(plan_with(flapping, beside), stack=Stack("shop", STACK.services, (*STACK.edges, ASIDE))))
    bench.run()
    changed = [fields["at_us"] / 1e6 - 15 for fields in bench.memory.of("injection_changed")]
    assert changed == [pytest.approx(moment, abs=0.1) for moment in (3.0, 6.0, 9.0)]


def test_a_fault_that_flaps_is_one_injection_whose_borders_are_told_at_each_change():
    flapping = Injection(
        "flap", Fault("refuse", flap=Flap(2.0, 3.0, 2)), "web->db", "gone", 0.0, 10.0, edges=(INNER.id,)
    )
    plan = plan_with(flapping)
    cuts = [desired(plan, at)["east"].faults["flap"][1][INNER.id].cut for at in (0, 1.9, 2, 4.9, 5, 7, 9.9)]
    on, off = Cut.RESET, Cut.NONE
    assert cuts == [on, on, off, off, on, off, off]
    bench = Bench(plan)
    bench.run()
    assert len(bench.memory.of("injection_changed")) == 3
    assert [len(bench.memory.of(f"injection_{state}")) for state in ("holding", "healed")] == [1, 1]


def test_flags_go_to_the_border_of_the_service_itself():
    flag = Injection(
        "flag",
        Fault("flags", flags=(("change", '"fail"'),)),
        "db",
        "gone",
        0.0,
        5.0,
        edges=(INNER.id,),
        services=("db",),
    )
    wants = desired(plan_with(flag), 1.0)
    assert wants["west"].flags["flag"][1] == {"db": {"change": "fail"}}
    assert not wants["east"].faults and not wants["east"].flags


def test_a_breach_must_last_its_whole_time():
    watch = StopWatch([Stop("x", "web", "availability", True, 0.5, 3.0, "failed")])
    bad, good = [FlowNow("web", 0.1, None)], [FlowNow("web", 0.9, None)]
    assert [bool(watch.ask(t, bad, {})) for t in (0, 1, 2)] == [False] * 3
    watch.ask(2.5, good, {})
    assert not watch.ask(3, bad, {}) and not watch.ask(5, bad, {})
    assert watch.ask(6, bad, {})


def test_samples_reach_the_store_through_the_runs_own_thread():
    bench = Bench(plan_with())
    sample = Sample(1, "web", 5, Outcome.OK)
    bench.clock.at.append((3.0, lambda: bench.inbox.samples([sample])))
    bench.run()
    assert bench.memory.samples == [sample]


def test_a_lever_that_is_engaged_during_a_run_heals_it_and_ends_it_aborted():
    bench = Bench(plan_with(SLOW))
    bench.rig.halted = lambda: "a real incident" if bench.clock.now - 1000.0 >= 18.0 else ""
    ended = bench.run()
    assert (ended.status, ended.signal, ended.cleanup) == ("aborted", 15, "verified")
    assert ended.reason == "halted: a real incident" and bench.memory.of("halted")
    healed = bench.memory.of("injection_healed")[0]["at_us"]
    assert healed == pytest.approx(18_000_000, abs=200_000) and bench.borders["east"].held == {}


class FakeDoer:
    """Carries steps out as told; a step called `hangs` waits to be cut off."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def carry_out(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        self.done.append(step.name)
        if step.name == "hangs":
            cut_off.wait(10)
            return StepOutcome(StepState.CUT_OFF, "the run ended first")
        if step.name == "refused":
            raise ClusterError("service 'db' has no container\nmore")
        return StepOutcome(StepState.FAILED, "HTTP 503", 503, 0.1, ("no",))


def step_at(name: str, at_s: float) -> Step:
    return Step(name, StepKind.EXEC, at_s, 5.0, service="db", run=("x",))


def bench_with(*steps: Step) -> Bench:
    bench = Bench(replace(plan_with(SLOW), steps=steps))
    bench.rig.doer = FakeDoer()
    bench.execution = Execution(replace(plan_with(SLOW), steps=steps), bench.rig)
    return bench


def test_a_step_is_done_when_due_and_a_failed_one_does_not_end_the_run():
    bench = bench_with(step_at("later", 12.0), step_at("switch", 4.0))
    assert bench.run().status == "completed"
    begun = [(e["step"], e["at_us"]) for e in bench.memory.of("step_started")]
    assert begun == [("switch", pytest.approx(19e6, abs=1e5)), ("later", pytest.approx(27e6, abs=1e5))]
    ended = {e["step"]: (e["state"], e["status"], e["lines"]) for e in bench.memory.of("step_ended")}
    assert ended["switch"] == ("failed", 503, ["no"])
    shown = [(e.step, e.state) for e in bench.memory.said if isinstance(e, StepChanged)]
    assert ("switch", "started") in shown and ("switch", "failed") in shown


def test_a_step_that_could_not_begin_failed_with_its_reason():
    bench = bench_with(step_at("refused", 4.0))
    assert bench.run().status == "completed"
    (ended,) = bench.memory.of("step_ended")
    assert (ended["state"], ended["detail"]) == ("failed", "service 'db' has no container")


def test_a_step_under_way_is_cut_off_when_the_run_ends_and_later_ones_are_not_begun():
    bench = bench_with(step_at("hangs", 4.0), step_at("never", 12.0))
    bench.clock.at.append((20.0, lambda: bench.clock.stop(15)))
    assert bench.run().cleanup == "verified"
    assert [(e["step"], e["state"]) for e in bench.memory.of("step_ended")] == [("hangs", "cut off")]
    assert bench.rig.doer.done == ["hangs"]


def test_after_a_stop_condition_no_step_is_begun():
    stop = Stop("web.availability < 20% for 1s", "web", "availability", True, 0.2, 1.0, "failed")
    bench = bench_with(step_at("never", 8.0))
    bench.execution = Execution(replace(plan_with(SLOW, stops=(stop,)), steps=(step_at("never", 8.0),)), bench.rig)
    bench.memory.flows = [FlowNow("web", 0.05, 2.0, 10.0)]
    bench.run()
    assert not bench.memory.of("step_started")


@pytest.mark.parametrize(
    ("limits", "protected", "said"),
    [
        (Limits(for_s=5.0, declared=(("for", "x.chaos.yaml:9"),)), frozenset(), "declared at x.chaos.yaml:9"),
        (
            Limits(protect=("db",), declared=(("protect db", "compose.yaml:14"),)),
            frozenset(),
            "declared at compose.yaml:14",
        ),
        (Limits(), frozenset({"db"}), "selects the protected service 'db'"),
        (Limits(regions=("north",)), frozenset(), "touches none of limits.regions"),
        (Limits(services=("web2",)), frozenset(), "touches none of limits.services"),
        (Limits(edges=0), frozenset(), "limits.edges allows 0"),
        (Limits(faults=0), frozenset(), "limits.faults allows 0"),
    ],
)
def test_a_fault_beyond_its_bounds_is_refused_at_injection_whatever_was_planned(limits, protected, said):
    plan = replace(plan_with(SLOW), limits=limits)
    bench = Bench(plan)
    bench.rig.protected = lambda: protected
    bench.execution = Execution(plan, bench.rig)
    assert bench.run().cleanup == "verified"
    (lost,) = bench.memory.of("injection_lost")
    assert said in lost["reason"] and not bench.memory.of("injection_holding")
    assert not any(names for _, names in bench.borders["east"].wants)


def test_one_fault_beyond_its_bounds_does_not_take_the_others_with_it():
    plan = replace(plan_with(SLOW, CUT), limits=Limits(protect=("db",)))
    bench = Bench(plan)
    bench.run()
    assert [e["injection"] for e in bench.memory.of("injection_holding")] == ["cut-web"]


def test_a_fault_that_somebody_else_wants_meanwhile_is_in_the_journal_and_ones_own_is_not():
    bench = Bench(plan_with(SLOW))
    bench.rig.name = "run-1"
    for owner in ("run-1", "hand-4f2a"):
        event = {"event": "wanted", "owner": owner, "injections": [owner]}
        bench.clock.at.append((18.0, lambda event=event: bench.execution.border_event("east", event)))
    assert bench.run().status == "completed"
    (added,) = bench.memory.of("fault_by_hand")
    assert added["owner"] == "hand-4f2a" and added["border"] == "east"
