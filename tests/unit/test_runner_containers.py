"""The runner and the helper that harms containers: told, renewed, undone; and what becomes of a fault that is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_runner import CUT, Bench, plan_with

from harness.model.errors import ControlLost
from harness.model.fault import Fault, Injection
from harness.runner.acts import ToldActs, at_once
from harness.runner.injector import CONTAINERS
from harness.runner.run import Execution

KILL = Injection("gone-db", Fault("kill"), "db", "gone", 1.0, 6.0, edges=("web->db:5432",), services=("db",))


class FakeGuardian:
    """Holds what it is told, unless it was told to fail."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.wants: list[list[str]] = []
        self.dead = False
        self.missing: dict[str, list[str]] = {}
        self.left: list[str] = []

    def want(self, acts: Any, lease_s: float) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer in 25 s")
        self.held = dict(acts)
        self.wants.append(sorted(self.held))
        missing = {name: why for name, why in self.missing.items() if name in self.held}
        return {"holds": {}, "missing": missing, "lost": {}, "left": list(self.left), "took_ms": 3}

    def renew(self, lease_s: float) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer in 25 s")
        return {"left_s": 3, "holds": list(self.held), "lost": {}}

    def status(self) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer in 25 s")
        return {"injections": [{"id": name} for name in (*self.held, *self.left)]}

    def heal(self) -> dict[str, Any]:
        self.held = {}
        return {"healed": [], "left": list(self.left)}


@pytest.fixture
def guarded() -> tuple[Bench, FakeGuardian]:
    """A run with a kill and a cut beside it, and the helper that does the kill."""
    bench, guardian = Bench(plan_with(KILL, CUT)), FakeGuardian()
    bench.rig.guardian = guardian
    bench.execution = Execution(plan_with(KILL, CUT), bench.rig)
    return bench, guardian


def life(bench: Bench, name: str = "gone-db") -> list[str]:
    return [event for event, fields in bench.memory.events if fields.get("injection") == name]


def test_the_helper_is_told_once_when_it_begins_and_once_when_it_ends(guarded: tuple[Bench, FakeGuardian]) -> None:
    bench, guardian = guarded
    ended = bench.run()
    assert (ended.status, ended.cleanup) == ("completed", "verified")
    assert guardian.wants[:2] == [["gone-db"], []] and guardian.held == {}
    assert life(bench) == ["injection_pending", "injection_holding", "injection_healed"]
    assert life(bench, "cut-web") == ["injection_pending", "injection_holding", "injection_healed"]


def test_a_service_that_could_not_be_harmed_is_lost_and_undone_at_once(guarded: tuple[Bench, FakeGuardian]) -> None:
    bench, guardian = guarded
    guardian.missing = {"gone-db": ["db: it does not run"]}
    bench.run()
    assert life(bench) == ["injection_pending", "injection_lost"]
    assert bench.memory.of("injection_lost")[0]["reason"] == "did not hold on db: it does not run"
    assert guardian.wants[:2] == [["gone-db"], []]


def test_an_undo_that_is_not_seen_leaves_it_stuck_and_the_clean_up_unverified(
    guarded: tuple[Bench, FakeGuardian],
) -> None:
    bench, guardian = guarded
    bench.clock.at.append((18.0, lambda: guardian.left.append("gone-db: db does not run (exit code 1)")))
    ended = bench.run()
    assert life(bench)[-1] == "injection_stuck"
    assert ended.cleanup == "unverified"
    assert bench.memory.of("heal_done") == [{"verified": False}]


def test_one_that_is_started_again_and_clean_verifies_the_clean_up(guarded: tuple[Bench, FakeGuardian]) -> None:
    bench, guardian = guarded
    bench.clock.at.append((18.0, lambda: setattr(guardian, "dead", True)))
    bench.rig.repair_guardian = lambda: True
    ended = bench.run()
    assert ended.cleanup == "verified"
    assert {fields["border"] for fields in bench.memory.of("control_lost")} == {CONTAINERS}


class Slow:
    """A spawn whose work waits until it is let go; what comes later is done at once."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] | None = []

    def __call__(self, work: Callable[[], None]) -> None:
        work() if self.waiting is None else self.waiting.append(work)

    def go(self) -> None:
        waiting, self.waiting = self.waiting or [], None
        for work in waiting:
            work()


def slowed(bench: Bench, until_s: float, *injections: Injection) -> FakeGuardian:
    """A helper that gets to what it is told only that many seconds after t=0."""
    guardian, spawn = FakeGuardian(), Slow()
    bench.rig.guardian, bench.rig.spawn = guardian, spawn
    bench.execution = Execution(plan_with(*injections), bench.rig)
    bench.clock.at.append((15.0 + until_s, spawn.go))
    return guardian


def at_s(bench: Bench, event: str, name: str) -> float:
    """Seconds from t=0 at which an injection did that."""
    (found,) = [fields for fields in bench.memory.of(event) if fields["injection"] == name]
    return float(found["at_us"]) / 1e6 - 15.0


def test_while_a_service_takes_its_time_to_end_everything_else_happens_when_it_should() -> None:
    bench = Bench(plan_with(KILL, CUT))
    slowed(bench, 5.0, KILL, CUT)
    ended = bench.run()
    assert ended.cleanup == "verified"
    assert at_s(bench, "injection_holding", "cut-web") == pytest.approx(2.0, abs=0.2)
    assert at_s(bench, "injection_pending", "gone-db") == pytest.approx(1.0, abs=0.2)
    assert at_s(bench, "injection_holding", "gone-db") == pytest.approx(5.0, abs=0.2)
    assert at_s(bench, "injection_healed", "gone-db") == pytest.approx(6.0, abs=0.2)


def test_a_fault_whose_time_is_over_before_it_took_hold_is_not_begun_late() -> None:
    bench = Bench(plan_with(KILL, CUT))
    other = replace(KILL, id="later", start_s=2.0, end_s=4.0)
    guardian = slowed(bench, 8.0, KILL, other, CUT)
    bench.run()
    assert at_s(bench, "injection_healed", "cut-web") == pytest.approx(6.0, abs=0.2), "nobody waits for a container"
    assert [wish for wish in guardian.wants if "later" in wish] == [] and guardian.held == {}
    assert life(bench, "later") == ["injection_pending"], "it never held, which the judge says"


def test_nobody_waits_for_ever_for_an_act_that_broke_off_and_the_clean_up_is_not_called_done() -> None:
    guardian, told = FakeGuardian(), ToldActs(None, at_once, lambda acts, answer: None, lambda reason: None)
    told.tell({"gone-db": (6.0, {})})
    assert not told.finish(), "nobody was there to do it"
    told.tell({})
    assert told.finish(), "nobody was there, so nothing is left"

    def full(acts: Any, answer: Any) -> None:
        raise OSError(28, "No space left on device")

    told = ToldActs(guardian, at_once, full, lambda reason: None)
    with pytest.raises(OSError, match="No space"):
        told.tell({"gone-db": (6.0, {})})
    assert not told.finish()


def test_without_a_helper_the_fault_is_lost_and_nothing_else() -> None:
    bench = Bench(plan_with(KILL, CUT))
    ended = bench.run()
    assert ended.cleanup == "verified"
    assert life(bench)[-1] == "injection_lost" and life(bench, "cut-web")[-1] == "injection_healed"
