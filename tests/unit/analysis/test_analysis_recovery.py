"""When a flow left its band and when it was back, with the resolution that the data have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic_run import (
    DB,
    HANG,
    Run,
    check,
    fine,
    hanging_edge,
    injection,
    limit,
    objective,
    out,
    slow,
    traffic,
    us,
)

from harness.analysis.answers.signature import signature_findings
from harness.analysis.answers.subject import asked, measure
from harness.analysis.data.flows import FlowRows
from harness.analysis.data.run import RunData
from harness.analysis.judge import judge
from harness.analysis.metrics.base import Measured
from harness.analysis.metrics.recovery_time import recovered
from harness.analysis.recovery.band import band_of, window_for
from harness.analysis.recovery.course import course_of, excursions
from harness.analysis.recovery.recover import Recovery
from harness.model.finding import Answer, Finding
from harness.model.load import Outcome
from harness.model.objective import Role, SignatureCheck, Tag


def faulted(**changes: object) -> Run:
    """A hang of web->db from 0 to 30; a flow of 20/s that is out as long as a test says."""
    base = Run(injections=(injection(HANG, DB),), edges={DB: traffic(hanging_edge)}, answer=out(0, 30))
    return replace(base, **changes)  # type: ignore[arg-type]


def of(run: Run) -> Recovery:
    return recovered(RunData(run.record()), "shop")


def metric(run: Run, name: str, after: str = "") -> Measured:
    data = RunData(run.record())
    return measure(data, asked(data, "shop", name, (), after))


def objective_of(run: Run, text: str, **more: object) -> Finding:
    asked_for = (objective("recovers_within", text, **more),)  # type: ignore[arg-type]
    return next(f for f in judge(replace(run, objectives=asked_for).record()).findings if f.kind == "objective")


@pytest.mark.parametrize(("rate", "window"), [(100, 1), (50, 1), (20, 3), (10, 3), (4, 3), (2, 5), (0.5, 20)])
def test_windows_hold_about_ten_arrivals_or_more(rate: float, window: int) -> None:
    assert window_for(rate)[0] == window
    assert rate * window >= 10


@pytest.mark.parametrize("rate", [5, 20, 60])
@pytest.mark.parametrize("back_at", [12.3, 30.0, 41.7])
def test_the_way_back_is_found_within_its_resolution(rate: float, back_at: float) -> None:
    found = of(faulted(rate=rate, answer=out(0, back_at)))
    assert found.back is not None and found.left is not None
    assert abs(found.back.at_us - us(back_at)) <= found.back.resolution_us
    assert abs(found.left.at_us - us(0)) <= found.left.resolution_us
    assert found.back.resolution_us <= 1_500_000


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_partial_outage_is_located_as_well(share: float) -> None:
    hits = 0
    for seed in range(30):
        found = of(faulted(answer=out(0, 25, share), seed=seed))
        assert found.back is not None
        hits += abs(found.back.at_us - us(25)) <= found.back.resolution_us
    assert hits >= 27


def test_a_slow_flow_has_left_its_band_too() -> None:
    found = of(faulted(answer=slow(0, 22, 0.4)))
    assert found.back is not None
    assert abs(found.back.at_us - us(22)) <= found.back.resolution_us


def healthy_rows(rate: float, arrivals: str, seed: int) -> FlowRows:
    """90 s of requests of about 20 ms, one in a hundred of them bad."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(90 * rate) if arrivals == "poisson" else round(90 * rate)
    due = np.sort(rng.uniform(0, 9e7, count)) if arrivals == "poisson" else np.arange(count) * 1e6 / rate
    latency = 1e6 * (0.015 + rng.exponential(0.005, count))
    return FlowRows(due.astype(np.int64), latency.astype(np.int64), rng.random(count) > 0.01, np.zeros(count, np.bool_))


@pytest.mark.parametrize("arrivals", ["even", "poisson"])
@pytest.mark.parametrize("rate", [4, 20, 80])
def test_noise_alone_hardly_ever_leaves_the_band(rate: float, arrivals: str) -> None:
    """A healthy flow with 1 % of failures, half a minute of baseline, a minute of watching."""
    runs, left = 150, 0
    for seed in range(runs):
        rows = healthy_rows(rate, arrivals, seed)
        band = band_of(rows, (0, 30_000_000))
        assert band is not None
        left += bool(excursions(course_of(rows, band, 30_000_000, 90_000_000), band))
    assert left / runs <= 0.05


def test_a_single_late_second_is_not_a_relapse() -> None:
    def hiccup(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        outcome, latency = out(0, 10)(t, rng)
        return outcome, latency + (0.4 if 45 <= t < 45.4 else 0.0)

    found = of(faulted(answer=hiccup))
    assert found.back is not None
    assert found.back.at_us == pytest.approx(us(10), abs=found.back.resolution_us)


def test_a_relapse_counts_from_its_end() -> None:
    def twice(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        return out(40, 44)(t, rng) if t >= 20 else out(0, 10)(t, rng)

    found = of(faulted(answer=twice))
    assert found.back is not None
    assert abs(found.back.at_us - us(44)) <= found.back.resolution_us
    assert len(found.excursions) == 2


def test_the_last_burst_of_a_share_that_fails_belongs_to_the_outage() -> None:
    """A quarter fails, in bursts: three seconds without a bad answer are not the end of it."""

    def bursts(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        bad = (0 <= t < 26 and round(t * 7) % 4 == 0) or 29.2 <= t < 29.75
        return (Outcome.BAD_STATUS, 0.02) if bad else fine(t, rng)

    found = of(faulted(rate=7.0, answer=bursts))
    assert found.back is not None
    assert abs(found.back.at_us - us(29.7)) <= 1_000_000


def test_a_shallow_dip_long_after_the_outage_is_noise() -> None:
    def dip(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        bad = (0 <= t < 26 and round(t * 7) % 4 == 0) or 40 <= t < 40.55
        return (Outcome.BAD_STATUS, 0.02) if bad else fine(t, rng)

    found = of(faulted(rate=7.0, answer=dip))
    assert found.back is not None
    assert abs(found.back.at_us - us(26)) <= found.back.resolution_us


def test_a_brief_life_within_the_outage_is_not_recovery() -> None:
    def gasp(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        return fine(t, rng) if 12 <= t < 13 else out(0, 30)(t, rng)

    found = of(faulted(answer=gasp))
    assert found.back is not None
    assert abs(found.back.at_us - us(30)) <= found.back.resolution_us


def test_recovers_within_counts_from_the_end_of_its_phase() -> None:
    found = metric(faulted(answer=out(0, 36)), "recovers_within", "gone")
    assert found.observed == pytest.approx(6.0, abs=1.0)
    assert found.interval is not None and found.interval.low <= 6.0 <= found.interval.high


def test_recovers_within_counts_from_the_last_heal_without_a_phase() -> None:
    found = metric(faulted(answer=out(0, 33), holds={"fault": (0.02, 25.0)}), "recovers_within")
    assert found.observed == pytest.approx(8.0, abs=1.0)


def test_a_flow_that_is_well_at_once_recovers_within_nothing() -> None:
    assert metric(faulted(answer=fine), "recovers_within", "gone").observed == 0.0
    assert objective_of(faulted(answer=fine), "<= 15", after="gone").verdict is Answer.PASSED


def test_a_recovery_in_time_passes_and_a_late_one_fails() -> None:
    assert objective_of(faulted(answer=out(0, 33)), "<= 15", after="gone").verdict is Answer.PASSED
    assert objective_of(faulted(answer=out(0, 44)), "<= 5", after="gone").verdict is Answer.FAILED


def test_a_flow_that_never_comes_back_fails_without_a_value() -> None:
    found = objective_of(faulted(answer=out(0, 100)), "<= 15", after="gone")
    assert found.verdict is Answer.FAILED
    assert found.observed is None
    assert "not back in its band" in found.reason


def test_a_recovery_that_was_not_watched_long_enough_says_how_much_longer() -> None:
    found = objective_of(faulted(answer=out(0, 50)), "<= 25", after="gone")
    assert found.verdict is Answer.INCONCLUSIVE
    assert "longer" in found.reason


def test_a_flow_that_was_fine_at_the_end_for_too_short_to_tell_is_not_called_away() -> None:
    whole = of(faulted(answer=out(0, 30)))
    assert whole.back is not None and whole.unsure_us == 0
    end = (RunData(faulted().record()).end_us - us(0)) / 1e6
    brief = of(faulted(answer=out(0, end - 7)))
    assert brief.back is None and 3e6 <= brief.unsure_us <= 7e6
    assert of(faulted(answer=out(0, end + 9))).unsure_us == 0


def test_a_limit_beyond_the_watched_time_could_not_fail() -> None:
    found = objective_of(faulted(answer=out(0, 33)), "<= 300", after="gone")
    assert found.verdict is Answer.INCONCLUSIVE
    assert "could not fail" in found.reason


def test_the_next_fault_ends_the_watch() -> None:
    phases = (("gone", 0.0, 10.0), ("gap", 10.0, 40.0), ("again", 40.0, 50.0), ("after", 50.0, 70.0))
    faults = (injection(HANG, DB, end=10.0), injection(HANG, DB, name="two", start=40.0, end=50.0))

    def both(t: float, rng: np.random.Generator) -> tuple[Outcome, float]:
        return out(40, 50)(t, rng) if t >= 30 else out(0, 12)(t, rng)

    found = metric(faulted(phases=phases, injections=faults, answer=both), "recovers_within", "gone")
    assert found.observed == pytest.approx(2.0, abs=1.0)


def test_recovered_at_is_told_on_the_incident_clock() -> None:
    run = faulted(answer=out(0, 20), clock=240.0)
    found = metric(run, "recovered_at")
    assert found.observed == pytest.approx(20 * 240, abs=240)
    assert found.incident.startswith("t+80 min ±")


def test_recovered_at_follows_the_phases_as_they_really_ran() -> None:
    run = faulted(answer=out(0, 32), clock=60.0)
    record = run.record()
    late = tuple(replace(w, start_us=w.start_us + 1_000_000) if w.name == "after" else w for w in record.phases)
    late = tuple(replace(w, end_us=w.end_us + 1_000_000) if w.name == "gone" else w for w in late)
    data = RunData(replace(record, phases=late))
    found = measure(data, asked(data, "shop", "recovered_at", ()))
    assert found.observed == pytest.approx(31 * 60, abs=60)


def test_never_means_never() -> None:
    data = RunData(faulted(answer=out(0, 100)).record())
    assert measure(data, asked(data, "shop", "recovered_at", ())).reason.startswith("never")


@pytest.mark.parametrize(
    ("answer", "text", "observed"),
    [
        (out(0, 100), "never", Answer.PASSED),
        (out(0, 20), "never", Answer.FAILED),
        (fine, "never", Answer.FAILED),
        (out(0, 30), ">= 25", Answer.PASSED),
        (out(0, 10), ">= 25", Answer.FAILED),
        (out(0, 100), ">= 25", Answer.PASSED),
        (out(0, 30), "25..35", Answer.PASSED),
        (fine, "25..35", Answer.FAILED),
    ],
)
def test_moments_against_limits(answer: object, text: str, observed: Answer) -> None:
    asked_for = replace(check(1, "recovered_at", text, phases=()), limit=limit(text))
    run = faulted(answer=answer, signature=(asked_for,))
    data = RunData(run.record())
    assert signature_findings(data, [], {"fault"})[0].verdict is observed


def ordered(second: float, *, never: bool = False) -> Finding:
    rule = SignatureCheck(7, Role.EFFECT, Tag.CALIBRATED, order=("shop", "pay"), needs=("fault",))
    other = fine if never else out(0, second)
    run = faulted(answer=out(0, 20), other_flows={"pay": other}, signature=(rule,))
    return signature_findings(RunData(run.record()), [], {"fault"})[0]


def test_an_order_holds_when_recoveries_are_further_apart_than_their_resolutions() -> None:
    assert ordered(26).verdict is Answer.PASSED


def test_a_wrong_order_is_not_observed() -> None:
    found = ordered(12)
    assert found.verdict is Answer.FAILED
    assert "pay was back before shop" in found.reason


def test_a_tie_within_the_resolution_says_what_would_resolve_it() -> None:
    found = ordered(20.4)
    assert found.verdict is Answer.INCONCLUSIVE
    assert "slower" in found.reason


def test_a_flow_that_never_degraded_has_no_place_in_an_order() -> None:
    found = ordered(0, never=True)
    assert found.verdict is Answer.FAILED
    assert "never degraded" in found.reason


def test_without_a_usable_baseline_nothing_is_claimed() -> None:
    found = of(faulted(answer=out(-100, 100)))
    assert found.band is None
    assert "baseline" in found.reason
