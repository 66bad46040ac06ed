"""What probes were answered becomes findings: exact shares, moments, and nothing out of what was not measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from synthetic_run import Run, objective, slowed, us

from harness.analysis.judge import judge
from harness.model.finding import Answer, Finding
from harness.model.probe import Probe, ProbeKind, Reading, State

GOOD, BAD, UNKNOWN = State.GOOD, State.BAD, State.UNKNOWN
ROWS = Probe("rows", ProbeKind.SQL, "db", query="select 1")
PASSED, FAILED, OPEN = Answer.PASSED, Answer.FAILED, Answer.INCONCLUSIVE


def readings(states: dict[tuple[int, int], State], *, begin: int = -30, end: int = 60) -> tuple[Reading, ...]:
    """One answer a second from t=begin to t=end, good but for the windows named."""
    found = []
    for second in range(begin, end):
        state = next((state for (start, stop), state in states.items() if start <= second < stop), GOOD)
        note = "" if state is GOOD else f"it is {state}"
        found.append(Reading(us(second + 0.5), "rows", state, None, 2000, note))
    return tuple(found)


def finding(run: Run, metric: str, text: str, **more: Any) -> Finding:
    asked = objective(metric, text, subject="rows", **{"phases": () if metric == "within" else ("gone",), **more})
    verdict = judge(replace(run, objectives=(asked,)).record())
    return next(one for one in verdict.findings if one.probe == "rows")


def probed(states: dict[tuple[int, int], State], *, tolerance: int = 0, **more: Any) -> Run:
    return slowed(probes=(replace(ROWS, tolerance=tolerance),), readings=readings(states, **more))


@pytest.mark.parametrize(
    ("states", "tolerance", "text", "answer"),
    [
        ({}, 0, ">= 1", PASSED),
        ({(10, 11): BAD}, 0, ">= 1", FAILED),
        ({(10, 11): BAD}, 1, ">= 1", PASSED),
        ({(10, 12): BAD}, 1, ">= 1", FAILED),
        ({(10, 11): UNKNOWN}, 0, ">= 1", OPEN),
        ({(10, 11): UNKNOWN}, 5, ">= 1", OPEN),
        ({(10, 11): UNKNOWN}, 0, ">= 0.9", PASSED),
        ({(10, 11): UNKNOWN, (20, 21): BAD}, 0, ">= 1", FAILED),
        ({(0, 30): UNKNOWN}, 0, ">= 0.5", OPEN),
        ({(0, 30): BAD}, 0, "<= 0", PASSED),
        ({(0, 29): BAD, (29, 30): UNKNOWN}, 0, "<= 0", OPEN),
        ({(0, 29): BAD}, 0, "<= 0", FAILED),
        ({(-30, 0): BAD}, 0, ">= 1", PASSED),
    ],
)
def test_a_share_is_exact_and_what_was_not_measured_is_never_a_pass(
    states: dict[tuple[int, int], State], tolerance: int, text: str, answer: Answer
) -> None:
    found = finding(probed(states, tolerance=tolerance), "holds", text)
    assert found.verdict is answer, found
    if answer is OPEN:
        assert found.observed is None and "could not be measured" in found.reason


def test_a_probe_that_was_hardly_asked_decides_nothing() -> None:
    found = finding(probed({}, end=10), "holds", ">= 1")
    assert found.verdict is OPEN and "20 of 30 times" in found.reason


def test_a_probe_that_was_never_asked_decides_nothing() -> None:
    assert finding(slowed(probes=(ROWS,)), "holds", ">= 1").verdict is OPEN


@pytest.mark.parametrize(
    ("states", "text", "answer"),
    [
        ({(-30, 12): BAD}, "<= 20", PASSED),
        ({(-30, 12): BAD}, "<= 5", FAILED),
        ({(-30, 60): BAD}, "<= 20", FAILED),
        ({(-30, 60): UNKNOWN}, "<= 20", OPEN),
        ({(-30, 2): BAD, (2, 12): UNKNOWN}, "<= 20", PASSED),
        ({(-30, 2): BAD, (2, 12): UNKNOWN}, "<= 10", OPEN),
        ({(-30, 2): BAD, (2, 60): UNKNOWN}, "<= 10", OPEN),
        ({}, "<= 20", OPEN),
    ],
)
def test_an_alert_fires_in_time_too_late_or_nobody_knows(
    states: dict[tuple[int, int], State], text: str, answer: Answer
) -> None:
    found = finding(probed(states), "within", text)
    assert found.verdict is answer, found


def test_an_alert_that_fired_before_anything_was_broken_proves_nothing() -> None:
    assert "already before" in finding(probed({}), "within", "<= 20").reason


@pytest.mark.parametrize(
    ("states", "answer"),
    [
        ({(-40, 60): BAD}, PASSED),
        ({(-40, 20): BAD, (21, 60): BAD}, FAILED),
        ({(-40, 20): BAD, (20, 21): UNKNOWN, (21, 60): BAD}, OPEN),
    ],
)
def test_without_faults_nobody_is_called(states: dict[tuple[int, int], State], answer: Answer) -> None:
    quiet = replace(probed(states), without_faults=True)
    assert finding(quiet, "within", "<= 20").verdict is answer


def test_a_baseline_is_not_steady_when_its_probe_is_not() -> None:
    steady = objective("holds", ">= 1", subject="rows", phases=("steady",))
    for states, word in (({(-9, -8): BAD}, "steady state not met"), ({(-9, -8): UNKNOWN}, "could not be measured")):
        verdict = judge(replace(probed(states), steady=(steady,)).record())
        assert verdict.verdict is OPEN
        assert any(word in reason for reason in verdict.reasons), verdict.reasons
    assert judge(replace(probed({}), steady=(steady,)).record()).verdict is PASSED
