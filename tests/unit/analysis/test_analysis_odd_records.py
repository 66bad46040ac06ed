"""A journal may end anywhere and hold anything: the judge always answers, and always with a published code."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_run import (
    DB,
    HANG,
    REFUSE,
    SIDE,
    SLOW,
    WEB,
    Run,
    check,
    fine,
    injection,
    objective,
    us,
)

from harness.analysis.judge import judge
from harness.analysis.metrics import METRICS
from harness.analysis.steady import baseline_broken
from harness.analysis.wire import verdict_to_json
from harness.model.fault import Fault
from harness.model.load import Outcome, Sample
from harness.model.objective import Role, SignatureCheck, Tag
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow, Record

CODES = {0, 1, 3, 4, 5, 7, 70, 130, 143}
moments = st.integers(-2_000_000, us(70))
edges = st.sampled_from([WEB, DB, SIDE, "nobody->knows:1"])
counts = st.integers(0, 40)

samples = st.builds(
    Sample,
    due_us=moments,
    flow=st.sampled_from(["shop", "pay", "stranger"]),
    latency_us=st.integers(0, 5_000_000),
    outcome=st.sampled_from(list(Outcome)),
    late_us=st.integers(0, 50_000),
)
seconds = st.builds(
    EdgeSecond,
    t_us=moments,
    edge=edges,
    up_bytes=counts,
    down_bytes=counts,
    connects=counts,
    refused=counts,
    unanswered=counts,
    requests=counts,
    responses=counts,
    gave_up=counts,
    errors=counts,
    rejects=counts,
    times_us=st.lists(st.integers(0, 5_000_000), max_size=5).map(tuple),
    gave_up_us=st.lists(st.integers(0, 5_000_000), max_size=3).map(tuple),
)
canary = st.builds(
    CanarySecond, t_us=moments, border=st.sampled_from(["east", "west"]), n=counts, failed=counts,
    p50_us=st.integers(0, 90_000), max_us=st.just(90_000),
)  # fmt: skip
odd = st.one_of(st.none(), st.integers(-10, 10**9), st.text(max_size=4), st.floats(), st.booleans())
names = [
    "injection_holding", "injection_healed", "injection_lost", "injection_stuck", "disturbance", "load_report",
    "run_closed", "run_failed", "stop_condition", "guard", "blocked", "healed_by_hand", "steady_failed", "crash", "?",
]  # fmt: skip
journal = st.fixed_dictionaries(
    {"event": st.sampled_from(names)},
    optional={
        "injection": st.sampled_from(["fault", "two", "x"]),
        "at_us": st.one_of(moments, odd),
        "mono": odd,
        "edge": edges,
        "caller": st.sampled_from(["web", "load"]),
        "offered": odd,
        "rows": odd,
        "late": odd,
        "code": odd,
        "signal": odd,
        "status": st.sampled_from(["completed", "aborted", "errored"]),
        "cleanup": st.sampled_from(["verified", "unverified"]),
        "verdict": st.sampled_from(["failed", "inconclusive"]),
        "calls": st.one_of(st.none(), st.just([{"caller": "web"}]), st.just(["x"])),
        "reason": odd,
    },
)
windows = st.lists(
    st.builds(PhaseWindow, st.sampled_from(["steady", "gone", "after", "odd"]), moments, moments), max_size=4
)
faults = st.sampled_from(
    [SLOW, HANG, REFUSE, Fault("flags"), Fault("blackout"), Fault("bandwidth", rate_kbps=9),
     replace(HANG, share=0.3), replace(SLOW, ramp_from_s=0.0, ramp_over_s=9.0), Fault("slow")]
)  # fmt: skip


def everything_asked() -> dict[str, Any]:
    """Every metric as objective and as signature check, and an order."""
    asked = [
        objective(name, text, subject=DB if metric.subject == "edge" else "shop")
        for name, metric in METRICS.items()
        for text in (">= 0.5", "0.2..0.9")
    ]
    checks = [check(number, one.metric, one.limit.text, subject=one.subject) for number, one in enumerate(asked)]
    order = SignatureCheck(99, Role.EFFECT, Tag.EMERGENT, order=("shop", "pay"), needs=("fault",))
    never = check(100, "recovered_at", "never", phases=())
    return {"objectives": tuple(asked), "steady": tuple(asked[:4]), "signature": (*checks, order, never)}


PLAN = Run(injections=(injection(SLOW, DB),), other_flows={"pay": fine}, **everything_asked()).plan()


def judged(record: Record) -> None:
    verdict = judge(record)
    assert verdict.exit_code in CODES
    json.dumps(verdict_to_json(verdict, record), allow_nan=False)
    baseline_broken(record)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(samples, max_size=40), st.lists(seconds, max_size=30), st.lists(canary, max_size=10),
    st.lists(journal, max_size=10), windows, faults,
)  # fmt: skip
def test_odd_records_never_crash_the_judge(
    found: list[Sample],
    rows: list[EdgeSecond],
    beats: list[CanarySecond],
    events: list[dict[str, Any]],
    phases: list[PhaseWindow],
    fault: Fault,
) -> None:
    two = (injection(fault, DB, WEB), injection(HANG, DB, name="two"))
    plan = replace(PLAN, injections=two)
    record = Record("r", plan, tuple(phases), tuple(found), tuple(rows), tuple(beats), tuple(events), (), us(0))
    judged(record)


@pytest.mark.parametrize("moment", [5.8e201, -5.8e201, 1e15, -1e15])
def test_a_moment_that_no_run_reaches_is_no_moment_and_fills_no_memory(moment: float) -> None:
    plan = replace(PLAN, injections=(injection(HANG, WEB),))
    rows = tuple(EdgeSecond(us(at), WEB, requests=3, times_us=(100, 200)) for at in range(-5, 3))
    journal = ({"event": "injection_holding", "injection": "fault", "at_us": us(0)},
               {"event": "injection_healed", "injection": "fault", "at_us": moment})  # fmt: skip
    judged(Record("r", plan, (PhaseWindow("steady", us(-5), us(0)),), (), rows, (), journal, (), us(0)))


def test_an_empty_record_is_judged() -> None:
    judged(Record("r", PLAN, (), (), (), (), ()))
    judged(Record("r", replace(PLAN, phases=(), injections=(), objectives=(), signature=()), (), (), (), (), ()))


def test_one_sample_is_judged() -> None:
    phases = (PhaseWindow("steady", us(-30), us(0)), PhaseWindow("gone", us(0), us(30)))
    judged(Record("r", PLAN, phases, (Sample(us(1), "shop", 5, Outcome.OK),), (), (), (), (), us(0)))
