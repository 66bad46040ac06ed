"""Series: the arithmetic behind every chart."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import example
from report_fixture import GUESTS, record

from harness.model.load import Outcome, Sample
from harness.model.record import EdgeSecond
from harness.report.clock import Clock, windows
from harness.report.series import MAX_BINS, build_series


def _sample(due_s: float, latency_s: float, outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(round((due_s + 12) * 1e6), "web", round(latency_s * 1e6), outcome)


def test_a_second_holds_the_nearest_rank_of_all_its_rows() -> None:
    run, _ = example("quick")
    rows = tuple(_sample(3.0 + n / 200, (n + 1) / 1000) for n in range(100))
    line = build_series(replace(run, samples=rows)).flows["web"]
    at = 13
    assert (line.p50[at], line.p95[at], line.p99[at]) == (0.050, 0.095, 0.099)
    assert line.offered[at] == 100
    assert np.isnan(line.p95[at - 1])


def test_a_second_without_a_request_is_a_gap_and_not_a_zero() -> None:
    run, _ = example("quick")
    line = build_series(replace(run, samples=(_sample(3.5, 0.01),))).flows["web"]
    assert np.isnan(line.share[12]) and line.share[13] == 1.0


def test_the_share_counts_only_what_was_answered_well_and_in_time() -> None:
    run, _ = example("quick")
    rows = (_sample(0.1, 0.01), _sample(0.2, 2.0, Outcome.TIMEOUT), _sample(0.3, 0.01, Outcome.BAD_STATUS))
    assert build_series(replace(run, samples=rows)).flows["web"].share[10] == 1 / 3


def test_warm_up_is_left_out_of_every_line() -> None:
    run, _ = example("quick")
    series = build_series(run)
    assert series.times[0] == -10
    assert series.flows["web"].offered.sum() == 50 * 20


def test_a_window_is_half_open_and_its_p95_says_when_it_lies_beyond_the_deadline() -> None:
    run, _ = example("quick")
    rows = (*(_sample(n / 10, 0.01) for n in range(10)), _sample(1.0, 2.0, Outcome.TIMEOUT))
    samples = build_series(replace(run, samples=rows)).samples
    assert samples.window("web", 0, 1).n == 10
    late = samples.window("web", 0.5, 2)
    assert late.n == 6 and late.p95_over_deadline and late.p95_s == 2.0


def test_bytes_of_an_edge_are_both_directions_per_second() -> None:
    run, _ = example("quick")
    seconds = (EdgeSecond(12_000_000, "web->db:5432", 100, 900), EdgeSecond(13_000_000, "web->db:5432", 1, 1))
    line = build_series(replace(run, edge_seconds=seconds)).edges["web->db:5432"]
    assert (line[10], line[11], line[12]) == (1000, 2, 0)


def test_a_long_run_gets_wider_bins_and_keeps_its_rates() -> None:
    run, _ = example("quick")
    phases = tuple(replace(window, end_us=window.end_us + 4_000_000_000) for window in run.phases[-1:])
    rows = tuple(_sample(due, 0.01) for due in range(4000))
    series = build_series(replace(run, phases=run.phases[:-1] + phases, samples=rows))
    assert series.times.size <= MAX_BINS and series.step_s == 5
    assert series.flows["web"].offered[100] == 1.0


def test_a_run_that_never_lived_has_empty_series() -> None:
    run, _ = example("errored")
    series = build_series(run)
    assert series.times.size == 0 and all(line.share.size == 0 for line in series.flows.values())
    assert series.samples.window(GUESTS[0].name, -100, 100).good is None


def test_an_aborted_run_has_as_many_seconds_as_it_lived() -> None:
    series = build_series(example("aborted")[0])
    assert series.end_s == 31.0 and series.times[0] == -20


def test_the_incident_clock_is_piecewise_linear_and_knows_the_day() -> None:
    clock = Clock(record(0).plan)
    assert [clock.label(at) for at in (-20, 0, 10, 50, 145, 215)] == [
        "07:00",
        "07:30",
        "07:33",
        "09:28",
        "14:22",
        "18:40",
    ]
    late = Clock(replace(record(0).plan, incident_t0="23:50"))
    assert late.label(10) == "23:53" and late.label(50) == "01:48 +1 d"
    assert Clock(replace(record(0).plan, incident_t0="")).label(50) == "t+118 min"


def test_without_an_incident_the_clock_reads_seconds_of_the_run() -> None:
    clock = Clock(example("quick")[0].plan)
    assert [clock.label(at) for at in (-10, 0, 75)] == ["−10 s", "0 s", "1 m 15 s"]
    assert clock.mapping() == ""


def test_a_phase_that_never_began_keeps_its_plan_and_says_so() -> None:
    happened = {window.name: window for window in windows(example("aborted")[0])}
    assert happened["blind"].reached and happened["blind"].end_s == 31
    assert not happened["tails"].reached and happened["tails"].start_s == 165
