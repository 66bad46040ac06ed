"""Stop conditions: what they watch, and that the faults are gone within two seconds of what they say."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.model.load import Flow, Outcome, Sample
from harness.model.objective import Stop
from harness.model.probe import Reading, State
from harness.model.progress import FlowNow
from harness.runner.run import Execution
from harness.runner.stop import StopWatch
from harness.wiring.machine import host_gauge
from harness.workload.window import FlowWindow

sys.path.insert(0, str(Path(__file__).parent))
from test_runner import SLOW, Bench, plan_with

BREACH_S = 4.0
"""Wall seconds from t=0 at which the condition begins to be met."""


def broken_run(stop: Stop, breach: Callable[[Bench], None]) -> Bench:
    """A run with one fault; `breach` happens at `BREACH_S`."""
    plan = plan_with(SLOW, stops=(stop,))
    bench = Bench(plan)
    bench.execution = Execution(plan, bench.rig)
    bench.clock.at.append((15.0 + BREACH_S, lambda: breach(bench)))
    talk(bench)
    return bench


def talk(bench: Bench) -> None:
    """The generator says something ten times a second, until it is told to be silent."""
    bench.talking = True  # type: ignore[attr-defined]
    wait = bench.clock.wait

    def waiting(seconds: float) -> None:
        if bench.talking:  # type: ignore[attr-defined]
            bench.inbox.samples([Sample(1, "web", 5, Outcome.OK)])
        wait(seconds)

    bench.clock.wait = waiting  # type: ignore[method-assign]


def after_breach(bench: Bench) -> float:
    """Seconds from the breach until the fault was lifted."""
    bench.run()
    (event,) = bench.memory.of("stop_condition")
    (healed,) = bench.memory.of("injection_healed")
    assert healed["at_us"] - event["at_us"] < 200_000
    return healed["at_us"] / 1e6 - 15.0 - BREACH_S


def stop(subject: str, metric: str, below: bool, value: float, for_s: float = 1.0) -> Stop:
    return Stop(f"{subject}.{metric}", subject, metric, below, value, for_s, "inconclusive")


def gauge(**values: float) -> Callable[[Bench], None]:
    return lambda bench: setattr(bench.rig, "gauge", lambda: values)


def flows(**fields: Any) -> Callable[[Bench], None]:
    return lambda bench: setattr(bench.memory, "flows", [FlowNow("web", **fields)])


@pytest.mark.parametrize(
    ("condition", "breach"),
    [
        (stop("host", "memory_free", True, 5e8), gauge(memory_free=1e8)),
        (stop("host", "disk_free", True, 1e9), gauge(disk_free=1e6)),
        (stop("host", "load", False, 8.0), gauge(load=9.0)),
        (stop("web", "availability", True, 0.2), flows(availability=0.1, p95_s=None)),
        (stop("web", "p95", False, 0.5), flows(availability=1.0, p95_s=0.6)),
        (stop("web", "p50", False, 0.5), flows(availability=1.0, p95_s=0.6, p50_s=0.6)),
        (stop("web", "p90", False, 0.5), flows(availability=1.0, p95_s=0.6, p90_s=0.6)),
        (stop("web", "p99", False, 0.5), flows(availability=1.0, p95_s=0.1, p99_s=0.6)),
        (stop("load", "lost", False, 0.05), flows(availability=1.0, p95_s=0.1, lost=0.2)),
    ],
)
def test_the_faults_are_lifted_within_two_seconds_of_a_condition(
    condition: Stop, breach: Callable[[Bench], None]
) -> None:
    took = after_breach(broken_run(condition, breach))
    assert condition.for_s <= took < condition.for_s + 1.3
    assert took - condition.for_s < 2.0


def test_a_condition_that_must_last_waits_for_it_and_not_longer() -> None:
    took = after_breach(broken_run(stop("host", "load", False, 8.0, for_s=3.0), gauge(load=9.0)))
    assert 3.0 <= took < 5.0


def test_a_load_that_says_nothing_ends_the_phase_when_asked_for() -> None:
    bench = broken_run(stop("load", "silent", False, 2.0), lambda bench: setattr(bench, "talking", False))
    assert 2.0 < after_breach(bench) < 2.0 + 1.0 + 2.0


def test_a_load_that_is_lost_lifts_the_faults_within_two_seconds_without_being_asked_for() -> None:
    plan = plan_with(SLOW)
    bench = Bench(plan, dies_at=15.0 + BREACH_S)
    assert bench.run().status == "errored"
    (healed,) = bench.memory.of("injection_healed")
    assert healed["at_us"] / 1e6 - 15.0 - BREACH_S < 2.0


def test_a_probes_last_answer_can_end_a_phase() -> None:
    watch = StopWatch([stop("alive", "holds", True, 1.0)])
    bad = {"alive": Reading(0, "alive", State.BAD)}
    assert not watch.ask(0.0, (), {}, bad) and watch.ask(1.0, (), {}, bad)


def test_what_is_not_there_neither_breaches_nor_clears() -> None:
    watch = StopWatch([stop("host", "nothing", True, 1.0), stop("web", "p95", False, 1.0)])
    assert not watch.ask(0.0, [FlowNow("web", None, None)], {}) and not watch.ask(9.0, (), {})


def test_the_host_is_read_where_the_run_lies(tmp_path: Path) -> None:
    read = host_gauge(tmp_path)
    assert read["memory_free"] > 0 and read["disk_free"] > 0 and read["load"] >= 0


def test_a_window_knows_quantiles_and_what_the_generator_lost() -> None:
    window = FlowWindow([Flow("web", "web", 80)], length_s=5.0)
    window.add([Sample(i * 1000, "web", i * 10_000, Outcome.OK if i < 90 else Outcome.NO_SLOT) for i in range(1, 101)])
    (now,) = window.now(1_000_000)
    assert (now.p50_s, now.p90_s, now.p95_s, now.p99_s, now.lost) == (0.5, 0.9, 0.95, 0.99, 0.11)
