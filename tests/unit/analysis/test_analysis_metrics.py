"""Metrics over intended requests, and what limits make of them."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from synthetic_run import (
    DB,
    DEADLINE,
    WEB,
    Answered,
    Run,
    healthy,
    limit,
    objective,
    out,
    slow,
    traffic,
    us,
)

from harness.analysis.answers.decide import decide, decide_existential, decide_tolerance
from harness.analysis.answers.subject import asked, measure
from harness.analysis.data.run import RunData
from harness.analysis.judge import judge
from harness.analysis.metrics import METRICS
from harness.analysis.metrics.base import Measured
from harness.analysis.stats.interval import Interval
from harness.model.finding import Answer, Finding
from harness.model.load import Outcome, Sample
from harness.model.objective import Objective
from harness.model.record import Record


def measured(record: Record, metric: str, *phases: str, subject: str = "shop", after: str = "") -> Measured:
    run = RunData(record)
    return measure(run, asked(run, subject, metric, phases, after))


def finding(run: Run, one: Objective) -> Finding:
    verdict = judge(replace(run, objectives=(one,)).record())
    return next(found for found in verdict.findings if found.kind == "objective")


def database(record: Record) -> sqlite3.Connection:
    """The views that surface.md promises, over the same samples."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE samples (due_us, flow, latency_us, ok, outcome)")
    base.execute("CREATE TABLE phases (name, start_us, end_us)")
    rows = [(s.due_us, s.flow, s.latency_us, int(s.outcome is Outcome.OK), str(s.outcome)) for s in record.samples]
    base.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?)", rows)
    base.executemany("INSERT INTO phases VALUES (?, ?, ?)", [(p.name, p.start_us, p.end_us) for p in record.phases])
    return base


def test_the_registry_names_every_metric_once_with_unit_and_meaning() -> None:
    assert set(METRICS) == {
        "availability", "error_rate", "goodput", "p50", "p90", "p95", "p99", "recovers_within", "recovered_at",
        "goodput_ratio", "p50_ratio", "p95_ratio", "p99_ratio", "availability_ratio",
        "bytes", "bytes_ratio", "requests", "requests_ratio", "errors", "retries", "holds", "within",
    }  # fmt: skip
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.unit
        assert metric.meaning
        assert metric.subject in ("flow", "edge", "probe")


@pytest.mark.parametrize("phase", ["steady", "gone", "after"])
def test_availability_and_p99_agree_with_one_sql_statement(phase: str) -> None:
    record = Run(answer=out(5, 12, 0.02), arrivals="poisson", rate=60).record()
    base = database(record)
    query = """SELECT avg(ok), count(*) FROM samples, phases
               WHERE flow = 'shop' AND name = ? AND due_us >= start_us AND due_us < end_us"""
    share, count = base.execute(query, (phase,)).fetchone()
    found = measured(record, "availability", phase)
    assert found.observed == pytest.approx(share, abs=1e-12)
    assert found.n == count
    rank = math.ceil(count * 0.99 - 1e-9)
    ordered = """SELECT latency_us FROM samples, phases WHERE flow = 'shop' AND name = ?
                 AND due_us >= start_us AND due_us < end_us ORDER BY latency_us LIMIT 1 OFFSET ?"""
    latency = base.execute(ordered, (phase, rank - 1)).fetchone()[0]
    p99 = measured(record, "p99", phase)
    assert (p99.observed if p99.observed is not None else DEADLINE) == latency / 1e6


def test_a_sample_belongs_to_the_phase_in_which_it_was_due() -> None:
    record = Run().record()
    edge = [Sample(us(30.0) - 1, "shop", 1, Outcome.OK), Sample(us(30.0), "shop", 1, Outcome.TIMEOUT)]
    record = replace(record, samples=tuple(edge))
    assert measured(record, "availability", "gone").observed == 1.0
    assert measured(record, "availability", "after").observed == 0.0


def test_warm_up_belongs_to_no_phase() -> None:
    record = Run(rate=10).record()
    total = sum(measured(record, "availability", phase).n for phase in ("steady", "gone", "after"))
    assert total == len(record.samples) - 50


def test_a_quantile_among_timeouts_is_not_a_number() -> None:
    found = measured(Run(answer=out(0, 30, 0.2)).record(), "p95", "gone")
    assert found.observed is None
    assert found.reason == "> timeout"
    assert found.interval == Interval(DEADLINE, math.inf)


def test_a_frozen_server_shows_the_arithmetic_p99() -> None:
    """Frozen for 3 s of 15 s at 200/s: p99 of all is 3 s less 1 % of 15 s = 2.85 s."""

    def frozen(t: float, _rng: np.random.Generator) -> tuple[Outcome, float]:
        return Outcome.OK, (8 - t + 0.001 if 5 <= t < 8 else 0.001)

    run = Run(rate=200, answer=frozen, phases=(("gone", 0, 15), ("after", 15, 20)))
    samples = [
        Sample(round(at * 1e6), "shop", round(frozen(at - 35, np.random.default_rng())[1] * 1e6), Outcome.OK)
        for at in np.arange(35, 50, 1 / 200)
    ]
    found = measured(replace(run.record(), samples=tuple(samples)), "p99", "gone")
    assert found.observed == pytest.approx(2.85, rel=0.005)


def test_an_upper_limit_below_the_deadline_fails_on_timeouts() -> None:
    assert finding(Run(answer=out(0, 30, 0.2)), objective("p95", "<= 1.5")).verdict is Answer.FAILED


def test_a_limit_beyond_the_deadline_could_not_fail_and_decides_nothing() -> None:
    found = finding(Run(), objective("p95", "<= 5"))
    assert found.verdict is Answer.INCONCLUSIVE
    assert "could not fail" in found.reason


def test_latency_well_below_its_limit_passes() -> None:
    found = finding(Run(rate=30), objective("p95", "<= 0.5"))
    assert found.verdict is Answer.PASSED
    assert found.interval is not None
    assert found.interval[0] <= (found.observed or 0) <= found.interval[1]


def test_p99_of_too_few_requests_is_inconclusive_and_says_how_many_it_takes() -> None:
    found = finding(Run(rate=5), objective("p99", "<= 0.5"))
    assert found.verdict is Answer.INCONCLUSIVE
    assert "would decide" in found.reason
    assert "10/s instead of 5/s" in found.reason


@pytest.mark.parametrize(("share", "answer"), [(0.0, Answer.PASSED), (0.3, Answer.FAILED)])
def test_availability_is_decided_by_its_interval(share: float, answer: Answer) -> None:
    assert finding(Run(answer=out(0, 30, share)), objective("availability", ">= 0.95")).verdict is answer


def test_a_point_estimate_on_the_good_side_is_not_enough() -> None:
    found = finding(Run(rate=10, answer=out(0, 0.1)), objective("availability", ">= 0.99"))
    assert found.observed == pytest.approx(299 / 300)
    assert found.verdict is Answer.INCONCLUSIVE
    assert "/s instead of 10/s" in found.reason


def test_an_availability_that_so_few_requests_could_never_break_is_inconclusive() -> None:
    run = Run(rate=10, phases=(("gone", 0.0, 0.1), ("after", 1.0, 30.0)))
    found = finding(run, objective("availability", ">= 0.02"))
    assert found.n == 1
    assert found.observed == 1.0
    assert found.verdict is Answer.INCONCLUSIVE
    assert "could not fail" in found.reason


def test_a_phase_without_requests_is_inconclusive() -> None:
    run = Run(rate=1, phases=(("gone", 0.0, 0.1), ("gap", 0.2, 0.9), ("after", 1.0, 30.0)))
    found = finding(run, objective("availability", ">= 0.9", phases=("gap",)))
    assert (found.n, found.observed) == (0, None)
    assert found.verdict is Answer.INCONCLUSIVE
    assert "no request was due" in found.reason


def test_an_objective_over_several_phases_has_no_single_phase() -> None:
    found = finding(Run(), objective("availability", ">= 0.9", phases=("gone", "after")))
    assert found.phase is None
    assert found.phases == ("gone", "after")
    assert found.n == 1200


def test_without_phases_an_objective_covers_during_and_after() -> None:
    assert finding(Run(), objective("availability", ">= 0.9", phases=())).phases == ("gone", "after")


def test_the_default_objective_is_measured_against_a_poor_baseline() -> None:
    default = objective("availability", ">= 0.9")
    default = replace(default, limit=replace(default.limit, slack=0.05))
    poor = Run(rate=50, answer=out(-40, 100, 0.12))
    assert finding(poor, default).verdict is Answer.PASSED
    assert finding(replace(poor, objectives=()), objective("availability", ">= 0.9")).verdict is not Answer.PASSED


def test_error_rate_mirrors_availability() -> None:
    record = Run(answer=out(0, 30, 0.1)).record()
    good, bad = measured(record, "availability", "gone"), measured(record, "error_rate", "gone")
    assert good.observed is not None and bad.observed is not None and good.interval and bad.interval
    assert bad.observed == pytest.approx(1 - good.observed)
    assert bad.interval.low == pytest.approx(1 - good.interval.high)


def test_goodput_counts_good_answers_per_second() -> None:
    found = measured(Run(answer=out(0, 15)).record(), "goodput", "gone")
    assert found.observed == pytest.approx(10.0)


def test_poisson_noise_of_arrivals_never_fails_a_goodput_ratio() -> None:
    wrong = 0
    for seed in range(60):
        record = Run(arrivals="poisson", rate=8, seed=seed).record()
        found = measured(record, "goodput_ratio", "gone")
        wrong += decide(limit(">= 0.95"), found).answer is Answer.FAILED
    assert wrong <= 3


def test_a_latency_ratio_may_grow_by_its_slack_instead() -> None:
    run = Run(rate=40, answer=slow(0, 30, 0.012))
    strict = objective("p95_ratio", "<= 1.1")
    slack = replace(strict, limit=replace(strict.limit, slack=0.02))
    assert finding(run, slack).verdict is Answer.PASSED
    assert finding(run, strict).verdict is Answer.FAILED
    assert finding(replace(run, answer=slow(0, 30, 0.2)), slack).verdict is Answer.FAILED


def test_a_ratio_needs_a_baseline() -> None:
    record = replace(Run().record(), phases=Run().record().phases[1:])
    found = measured(record, "p95_ratio", "gone")
    assert found.interval is None
    assert "baseline" in found.reason


def test_a_trough_in_bytes_is_found_where_it_is() -> None:
    def less(_t: float, rng: np.random.Generator) -> dict[str, object]:
        values = healthy(rng, per_s=20)
        count = int(rng.binomial(values["requests"], 0.74))
        return {**values, "down_bytes": 900 * count, "up_bytes": 300 * count}

    run = Run(rate=20, arrivals="even", edges={WEB: traffic(less, per_s=20)})
    found = measured(run.record(), "bytes_ratio", "gone", subject=WEB)
    assert found.observed == pytest.approx(0.74, abs=0.06)
    assert found.interval is not None and found.interval.low <= 0.74 <= found.interval.high


def test_answers_that_cross_just_after_the_second_in_which_they_were_due_make_no_doubt() -> None:
    """Seven a second, each due within milliseconds of a border of the seconds in which the edge was counted."""

    def answered(_t: float, rng: np.random.Generator) -> Answered:
        return Outcome.OK, 0.02 + 0.01 * rng.random()

    record = Run(rate=7, arrivals="even", answer=answered, edges={WEB: lambda _t, _rng: {"down_bytes": 1}}).record()
    offset = record.samples[0].due_us % 1_000_000 + 25_000
    crossed = Counter((one.due_us + one.latency_us - offset) // 1_000_000 for one in record.samples)
    rows = tuple(
        replace(row, t_us=row.t_us + offset, down_bytes=1000 * crossed[row.t_us // 1_000_000])
        for row in record.edge_seconds
    )
    assert {row.down_bytes for row in rows[8:]} >= {6000, 7000, 8000}, "else nothing lies at a border"
    found = measured(replace(record, edge_seconds=rows), "bytes_ratio", "gone", subject=WEB)
    assert found.observed == pytest.approx(1.0, abs=0.01)
    assert found.interval is not None and found.interval.width < 0.01


def test_bytes_are_per_second_of_the_phase() -> None:
    def steady_bytes(_t: float, _rng: np.random.Generator) -> dict[str, object]:
        return {"up_bytes": 100, "down_bytes": 900}

    found = measured(Run(edges={DB: steady_bytes}).record(), "bytes", "gone", subject=DB)
    assert found.observed == 1000.0
    assert found.interval == Interval(1000.0, 1000.0)


def test_errors_are_a_share_of_answers() -> None:
    def wrong(_t: float, _rng: np.random.Generator) -> dict[str, object]:
        return {"requests": 10, "responses": 10, "errors": 3}

    found = measured(Run(edges={DB: traffic(wrong)}).record(), "errors", "gone", subject=DB)
    assert found.observed == pytest.approx(0.3)
    assert found.n == 300


def test_retries_are_requests_per_intended_request_against_steady() -> None:
    def thrice(_t: float, rng: np.random.Generator) -> dict[str, object]:
        return {**healthy(rng, per_s=30)}

    found = measured(Run(edges={DB: traffic(thrice)}).record(), "retries", "gone", subject=DB)
    assert found.observed == pytest.approx(3.0, rel=0.15)


def test_an_edge_that_carried_nothing_has_no_ratio() -> None:
    found = measured(Run().record(), "bytes_ratio", "gone", subject=DB)
    assert found.interval is None


def test_a_range_is_a_tolerance_for_signature_checks_only() -> None:
    tight = Measured(0.74, Interval(0.71, 0.79), 500, least=Interval(0, 0.01), most=Interval(0.99, 1))
    assert decide_tolerance(limit("0.70..0.78"), tight).answer is Answer.PASSED
    assert decide(limit("0.70..0.78"), tight).answer is Answer.INCONCLUSIVE
    loose = replace(tight, interval=Interval(0.6, 0.85))
    assert decide_tolerance(limit("0.70..0.78"), loose).answer is Answer.INCONCLUSIVE
    outside = replace(tight, observed=0.79, interval=Interval(0.77, 0.81))
    assert decide_tolerance(limit("0.70..0.78"), outside).answer is Answer.INCONCLUSIVE
    assert decide_tolerance(limit("0.70..0.78"), replace(tight, interval=Interval(0.8, 0.9))).answer is Answer.FAILED


def test_one_counterexample_decides_an_existential_objective() -> None:
    good = Measured(1.0, Interval(0.99, 1.0), 300)
    assert decide_existential(limit(">= 1.0"), good).answer is Answer.PASSED
    assert "0.01" in decide_existential(limit(">= 1.0"), good).reason
    assert decide_existential(limit(">= 1.0"), replace(good, observed=299 / 300)).answer is Answer.FAILED
    assert decide_existential(limit(">= 1.0"), Measured()).answer is Answer.INCONCLUSIVE


def test_an_unknown_metric_is_said_and_not_guessed() -> None:
    assert "unknown metric" in measured(Run().record(), "apdex", "gone").reason


def test_a_second_across_the_border_of_a_phase_belongs_to_neither() -> None:
    """Seconds of a proxy begin at its own moments: the one in which the fault ended is half full of traffic again."""

    def second(t: float, rng: np.random.Generator) -> dict[str, int]:
        inside = max(0.0, min(t + 1, 8.0) - max(t, 0.0))
        return {"up_bytes": round(10_000 * (1 - 0.4 * inside))}

    run = Run(phases=(("gone", 0.0, 8.0), ("after", 8.0, 20.0)), edges={WEB: lambda t, rng: second(t + 0.7, rng)})
    record = run.record()
    shifted = tuple(replace(row, t_us=row.t_us + 700_000) for row in record.edge_seconds)
    found = measured(replace(record, edge_seconds=shifted), "bytes_ratio", "gone", subject=WEB)
    assert found.observed == pytest.approx(0.6, abs=1e-6)
