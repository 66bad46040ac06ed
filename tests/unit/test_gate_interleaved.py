"""Two image sets in turns: worse, not worse, or not decided."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from harness.analysis.stats.interval import Interval
from harness.gate.decide import GateAnswer, decide
from harness.gate.interleaved import Interleaved, mean, turns
from harness.gate.policy import Policy
from harness.gate.run import Run

POLICY = Policy(margins=(("availability", 0.01), ("p99", 0.2)))


def run(side: str, *values: tuple[str, float | None, tuple[float, float] | None], code: int = 0) -> Run:
    findings = [
        {"kind": "objective", "name": name, "metric": name.split()[1], "verdict": "passed", "observed": observed,
         "interval": list(interval) if interval else None, "line": 3, "reason": ""}
        for name, observed, interval in values
    ]  # fmt: skip
    verdict: dict[str, Any] = {"run": side, "experiment": "shop", "exit_code": code, "findings": findings,
                               "environment": {}, "reasons": ["why"] if code else []}  # fmt: skip
    return Run(side, verdict)


def p99(observed: float | None, low: float = 0.0, high: float = 0.0) -> tuple[str, float | None, Any]:
    return "web p99 < 1s", observed, (low, high) if observed is not None else None


def good(observed: float, low: float, high: float) -> tuple[str, float, Any]:
    return "web availability >= 90%", observed, (low, high)


def gate(before: list[Run], after: list[Run]) -> GateAnswer:
    return decide(after, POLICY, date(2026, 11, 29), Interleaved(before, after))


def test_turns_meet_a_drift_alike() -> None:
    assert [turns(n) for n in (1, 2, 3)] == ["AB", "ABBA", "ABBAAB"]


def test_the_mean_of_rounds_is_surer_than_one_round() -> None:
    value, interval = mean([(0.5, Interval(0.4, 0.6)), (0.7, Interval(0.6, 0.8))])
    assert value == pytest.approx(0.6)
    assert (interval.low, interval.high) == pytest.approx((0.6 - 0.0707, 0.6 + 0.0707), abs=1e-4)


@pytest.mark.parametrize(
    ("now", "answer", "code"),
    [
        (p99(0.51, 0.50, 0.52), "passed", 0),
        (p99(0.9, 0.88, 0.92), "failed", 1),
        (p99(0.6, 0.5, 0.7), "inconclusive", 3),
    ],
)
def test_a_side_is_not_worse_worse_or_nobody_knows(now: Any, answer: str, code: int) -> None:
    told = gate([run("A", p99(0.5, 0.49, 0.51))] * 2, [run("B", now)] * 2)
    (objective,) = told.objectives
    assert (objective.compared, told.exit) == (answer, code)
    assert (objective.baseline, objective.observed) == (0.5, pytest.approx(now[1]))


@pytest.mark.parametrize(("now", "answer"), [(0.985, "passed"), (0.95, "failed")])
def test_the_margin_of_a_share_is_in_points_and_more_is_better(now: float, answer: str) -> None:
    told = gate([run("A", good(0.99, 0.988, 0.992))], [run("B", good(now, now - 0.002, now + 0.002))])
    assert told.objectives[0].compared == answer


def test_one_round_without_a_value_decides_nothing() -> None:
    told = gate([run("A", p99(0.5, 0.49, 0.51)), run("A", p99(None))], [run("B", p99(0.5, 0.49, 0.51))] * 2)
    assert (told.objectives[0].compared, told.exit) == ("inconclusive", 3)
    assert gate([], [run("B", p99(0.5, 0.49, 0.51))]).exit == 3, "nothing to compare with"


def test_the_old_side_may_miss_its_objectives_but_not_leave_a_fault_behind() -> None:
    new = [run("B", p99(0.5, 0.49, 0.51))]
    assert gate([run("A", p99(0.5, 0.49, 0.51), code=1)], new).exit == 0
    told = gate([run("A", p99(0.5, 0.49, 0.51), code=7)], new)
    assert told.exit == 7 and "measured to compare with" in told.reasons[-1]


def test_the_new_side_must_still_hold_its_own_objectives() -> None:
    assert gate([run("A", p99(0.5, 0.49, 0.51))], [run("B", p99(0.5, 0.49, 0.51), code=1)]).exit == 1
