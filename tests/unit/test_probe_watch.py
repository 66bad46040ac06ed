"""The watch keeps its interval whatever a probe does, and the run sees the answers."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from probe_worlds import ScriptedWorld

from harness.model.objective import Stop
from harness.model.probe import Probe, ProbeKind, Reading, State
from harness.model.record import EdgeSecond
from harness.probes.log import matches
from harness.probes.watch import Watch
from harness.runner.edge_bytes import EdgeBytes
from harness.runner.stop import StopWatch

TCP = Probe("port", ProbeKind.TCP, "db", 5432, every_s=0.05, timeout_s=0.1)


def watched(world: Any, *probes: Probe, until: Callable[[list[Reading]], bool], slack_s: float = 0.1) -> list[Reading]:
    found: list[Reading] = []
    watch = Watch(probes, world, now_us=lambda: time.monotonic_ns() // 1000, heard=found.append, slack_s=slack_s)
    watch.start()
    end = time.monotonic() + 10
    while not until(found) and time.monotonic() < end:
        time.sleep(0.01)
    watch.stop()
    assert until(found), found
    return found


def test_a_probe_is_asked_again_and_again() -> None:
    begun_us = time.monotonic_ns() // 1000
    found = watched(ScriptedWorld(), TCP, until=lambda rows: len(rows) >= 5)
    assert {row.state for row in found} == {State.GOOD}
    # Late, on a busy machine, but never before its turn.
    assert all(row.t_us - begun_us >= number * 50_000 for number, row in enumerate(found))


class Hanging(ScriptedWorld):
    """Its first answer never comes until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def tcp(self, service: str, port: int, timeout_s: float) -> float:
        self.let_go.wait(20)
        return super().tcp(service, port, timeout_s)


def test_a_probe_that_hangs_is_unknown_at_every_interval_and_holds_nobody_up() -> None:
    world = Hanging()
    other = Probe("moved", ProbeKind.HTTP, "gone", 1, "/", every_s=0.05, timeout_s=0.1)
    rows = watched(world, TCP, until=lambda rows: sum(row.probe == "port" for row in rows) >= 3)
    assert {row.state for row in rows if row.probe == "port"} == {State.UNKNOWN}
    assert all(row.took_us < 1_000_000 for row in rows)
    world.let_go.set()
    assert watched(world, TCP, other, until=lambda rows: any(row.state is State.GOOD for row in rows))


def test_an_answer_that_came_too_late_is_not_the_next_questions_answer() -> None:
    world = Hanging()
    threading.Timer(0.5, world.let_go.set).start()
    rows = watched(world, TCP, until=lambda rows: any(row.state is State.GOOD for row in rows))
    states = [row.state for row in rows]
    assert states[: states.index(State.GOOD)] == [State.UNKNOWN] * states.index(State.GOOD)
    assert any("too late" in row.note for row in rows)


class Broken(ScriptedWorld):
    def tcp(self, service: str, port: int, timeout_s: float) -> float:
        raise RuntimeError("a bug of ours")


def test_a_bug_of_ours_is_unknown_and_not_the_end() -> None:
    rows = watched(Broken(), TCP, until=lambda rows: len(rows) >= 2)
    assert {(row.state, row.note) for row in rows} == {(State.UNKNOWN, "internal: RuntimeError")}


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        ("pool*exhausted", "the pool is exhausted now", True),
        ("exhausted*pool", "the pool is exhausted now", False),
        ("pool", "POOL", False),
        ("a*" * 500 + "b", "a" * 5000, False),
    ],
)
def test_a_pattern_is_looked_for_in_order_and_in_linear_time(pattern: str, line: str, found: bool) -> None:
    begun = time.monotonic()
    assert matches(pattern, line) is found
    assert time.monotonic() - begun < 0.5


def test_a_stop_condition_watches_what_a_probe_says_now() -> None:
    stop = Stop("port.holds < 100% for 3s", "port", "holds", True, 1.0, 3.0, "failed")
    watch = StopWatch([stop])
    bad, good = (Reading(0, "port", state) for state in (State.BAD, State.GOOD))
    unknown = Reading(0, "port", State.UNKNOWN)
    assert [watch.ask(at, [], {}, {"port": bad}) for at in (0.0, 2.0)] == [None, None]
    assert watch.ask(2.5, [], {}, {"port": unknown}) is None, "what was not measured neither breaches nor clears"
    assert watch.ask(3.0, [], {}, {"port": bad}) is stop
    assert watch.ask(4.0, [], {}, {"port": good}) is None
    assert watch.ask(5.0, [], {}, {}) is None


def test_bytes_are_known_only_after_a_whole_window() -> None:
    seen = EdgeBytes()
    assert seen.per_second("a->b:1") is None
    for second in range(10):
        row = EdgeSecond(second * 1_000_000, "a->b:1", up_bytes=200, down_bytes=100)
        seen.add([row], second * 1_000_000 + 1_200_000)
    assert seen.per_second("a->b:1") == pytest.approx(300.0)
    assert seen.per_second("a->c:1") == 0.0
