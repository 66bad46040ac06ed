"""Faults by hand: a holder that keeps one fault and lets it go, whatever ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cluster.lock import lock_path
from harness.journal.events import Journal, read_events
from harness.journal.manifest import Manifest, read_manifest, read_record, write_manifest
from harness.model.errors import CleanupUnverified, ClusterError, ControlLost, UsageError
from harness.model.fault import Fault, Injection
from harness.model.load import Load, RatePoint
from harness.model.plan import STEADY, Limits, Phase, Plan
from harness.model.stack import Edge, Service, Stack
from harness.runner.rig import StopClock
from harness.wiring.hand import adding
from harness.wiring.hand.holder import HISTORY_S, Holder
from harness.wiring.hand.others import refuse_faults_of_others
from harness.wiring.hand.place import keep_stack, known_of, live_hands, lock_name

EDGE = Edge("web", "db", 5432, caller_region="east", callee_region="west")
STACK = Stack(
    "shop", (Service("web", "east"), Service("db", "west", protect=True)), (EDGE,), protected_at=(("db", "c:3"),)
)
ONE = Injection("hand-1", Fault("slow", latency_s=0.3), "web->db", "held", 0.0, 10.0, (EDGE.id,))
PLAN = Plan(
    "hand", "", "", "", 0, STACK, Load((RatePoint(0.0, 0.0),), ()), 0.0,
    (Phase(STEADY, -float(HISTORY_S), 0.0), Phase("held", 0.0, 10.0)), (ONE,),
)  # fmt: skip


class Clock(StopClock):
    """Time that passes only when somebody waits, or a little at every look."""

    def __init__(self, real_s: float) -> None:
        self.now, self.real_s = 1000.0, real_s
        super().__init__(self._tick)

    def _tick(self) -> float:
        self.now += 0.0001
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
        time.sleep(self.real_s)  # the heartbeat's thread lives on real time


class Proxy:
    """Holds what it is told; remembers a second of traffic from before."""

    clock_offset_us = 0

    def __init__(self, clock: Clock) -> None:
        self.clock, self.wants, self.lost, self.asked_back = clock, [], {}, []  # type: ignore[var-annotated]
        self.dead = False

    def want(self, faults: Any, flags: Any, lease_s: float) -> dict[str, Any]:
        if self.dead:
            raise ControlLost("no answer")
        self.wants.append((round(self.clock.now - 1000.0), sorted(faults)))
        return {"holds": {}, "missing": {}, "took_ms": 1}

    def renew(self, lease_s: float) -> dict[str, Any]:
        return {"holds": [], "lost": self.lost}

    def stats(self, *, flush: bool = False, back_s: int = 0) -> dict[str, Any]:
        self.asked_back.append(back_s)
        row = {"t_us": round((self.clock.now - 5) * 1e6), "edge": EDGE.id, "requests": 7, "responses": 7}
        return {"seconds": [row] if back_s else [], "canary": []}


def held(tmp_path: Path, stopped: Any = lambda: "", *, dead: bool = False, lost: bool = False) -> tuple[Proxy, Clock]:
    """One fault held to its end."""
    write_manifest(tmp_path, Manifest("hand-1", PLAN, {}))
    clock = Clock(0.01 if lost else 0.0005)
    proxy = Proxy(clock)
    proxy.lost = {"hand-1": "healed by hand"} if lost else {}
    journal = Journal(tmp_path, monotonic=clock.monotonic)
    holder = Holder(PLAN, tmp_path, journal, clock)
    if dead:
        proxy.dead = True
    holder.hold({"east": proxy}, None, stopped)  # type: ignore[dict-item]
    return proxy, clock


def names(tmp_path: Path) -> list[str]:
    return [event["event"] for event in read_events(tmp_path)]


def test_it_holds_until_its_deadline_and_is_lifted_then(tmp_path: Path) -> None:
    proxy, clock = held(tmp_path)
    assert proxy.wants[0] == (0, ["hand-1"]) and proxy.wants[-1][1] == []
    assert clock.now - 1000.0 == pytest.approx(10.0, abs=0.5)
    assert names(tmp_path)[-1] == "run_closed" and "injection_healed" in names(tmp_path)


def test_what_the_proxies_remember_is_the_time_before(tmp_path: Path) -> None:
    proxy, _ = held(tmp_path)
    record = read_record(tmp_path)
    assert proxy.asked_back[0] == HISTORY_S
    (row,) = record.edge_seconds
    assert row.requests == 7 and row.t_us == pytest.approx((HISTORY_S - 5) * 1e6, abs=1e5)
    assert record.zero_us == HISTORY_S * 1_000_000
    assert [phase.name for phase in record.phases] == ["steady", "held"]


def test_asked_to_end_it_ends_at_once(tmp_path: Path) -> None:
    looks = iter(["", "", "asked to end"])
    proxy, clock = held(tmp_path, lambda: next(looks, "asked to end"))
    assert clock.now - 1000.0 < 2 and proxy.wants[-1][1] == []


def test_healed_by_hand_it_is_lost_and_its_process_ends(tmp_path: Path) -> None:
    _, clock = held(tmp_path, lost=True)
    (lost,) = [event for event in read_events(tmp_path) if event["event"] == "injection_lost"]
    assert lost["reason"] == "healed by hand" and clock.now < 1009.9


def test_a_proxy_that_does_not_answer_is_told_in_the_journal(tmp_path: Path) -> None:
    held(tmp_path, dead=True)
    assert "injection_holding" not in names(tmp_path)
    assert [e["cleanup"] for e in read_events(tmp_path) if e["event"] == "run_closed"] == ["unverified"]


# -- which stack, which bounds


class Up:
    """A stack that is up, as labels tell it."""

    def __init__(self, home: Path) -> None:
        self.home, self.name, self.project, self.run = home, "shop-rf", "shop", "up-1"


def test_bounds_of_a_stack_are_what_was_written_down_when_it_was_started(tmp_path: Path) -> None:
    folder = tmp_path / "up" / "shop-rf"
    folder.mkdir(parents=True)
    keep_stack(folder, STACK, Limits(faults=2))
    stack, limits = known_of(Up(tmp_path))  # type: ignore[arg-type]
    assert stack == STACK
    assert ("db",) in [one.protect for one in limits] and [one.faults for one in limits] == [None, 2]
    assert ("protect db", "c:3") in limits[0].declared


def test_a_stack_that_was_not_written_down_is_refused_with_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="regionfall down"):
        known_of(Up(tmp_path))  # type: ignore[arg-type]


def test_a_run_is_refused_while_a_fault_of_somebody_else_holds() -> None:
    class Answering:
        def __init__(self, *owners: str) -> None:
            self.owners = owners

        def status(self) -> dict[str, Any]:
            return {"injections": [{"id": "hand-1", "owner": owner} for owner in self.owners]}

    refuse_faults_of_others({"east": Answering("run-1")}, "run-1")  # type: ignore[dict-item]
    with pytest.raises(ClusterError, match="regionfall fault rm hand-1") as caught:
        refuse_faults_of_others({"east": Answering("run-1"), "west": Answering("hand-1")}, "run-1")  # type: ignore[dict-item]
    assert caught.value.exit_code == 4


# -- ending it

SLEEPER = """
import sys, time
from pathlib import Path
from harness.cluster.lock import project_lock
with project_lock(Path(sys.argv[1]), sys.argv[2], "hand-1"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock of fault hand-1."""
    (tmp_path / "hand" / "hand-1").mkdir(parents=True)
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(tmp_path), lock_name("hand-1")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_fault_is_ended_with_its_holder_and_read_back(
    tmp_path: Path, sleeper: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "status_now", lambda home: {"injections": []})
    assert list(live_hands(tmp_path)) == ["hand-1"]
    adding.remove(tmp_path, "hand-1")
    assert sleeper.wait(timeout=5) != 0 and list(live_hands(tmp_path)) == []


def test_a_fault_that_proxies_still_see_is_not_verified(
    tmp_path: Path, sleeper: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "status_now", lambda home: {"injections": [{"id": "hand-1", "run": "hand-1"}]})
    with pytest.raises(CleanupUnverified, match="regionfall heal"):
        adding.remove(tmp_path, "hand-1")


def test_a_process_that_only_has_the_number_of_a_dead_holder_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hand" / "hand-1").mkdir(parents=True)
    lock = lock_path(tmp_path, lock_name("hand-1"))
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": os.getpid(), "run": "hand-1"}))
    monkeypatch.setattr(adding, "status_now", lambda home: {"injections": []})
    with pytest.raises(UsageError, match="no fault 'hand-1' was added by hand"):
        adding.remove(tmp_path, "hand-1")


def test_a_fault_of_a_run_is_not_removed_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "status_now", lambda home: {"injections": [{"id": "cut", "run": "r-1"}]})
    with pytest.raises(UsageError, match="regionfall heal r-1"):
        adding.remove(tmp_path, "cut")


def test_the_order_of_a_fault_by_hand_is_one_that_its_holder_can_read(tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest("hand-1", adding._plan(STACK, ONE), {"project": "shop-rf"}))
    assert read_manifest(tmp_path).plan.injections == (ONE,)
