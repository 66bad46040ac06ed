"""The arithmetic of doubt against tables and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic_run import limit

from harness.analysis.metrics.quantile import nearest_rank
from harness.analysis.stats import bootstrap
from harness.analysis.stats.advice import inside, more_text, outside, share_factor, spread_factor
from harness.analysis.stats.interval import (
    Interval,
    clopper_pearson,
    difference,
    poisson,
    quantile_ranks,
    ratio,
)
from harness.analysis.stats.quotient import mean_estimate, ratio_estimate
from harness.analysis.stats.two_sample import larger, rate_moved, share_moved


@pytest.mark.parametrize(
    ("claim", "bad", "needed"),
    [(0.95, 0, 59), (0.95, 3, 153), (0.99, 0, 299), (0.99, 1, 473), (0.995, 0, 598), (0.999, 0, 2995)],
)
def test_sample_sizes_agree_with_the_published_table(claim: float, bad: int, needed: int) -> None:
    assert clopper_pearson(needed - bad, needed).low >= claim
    assert clopper_pearson(needed - 1 - bad, needed - 1).low < claim


def test_a_share_without_data_can_be_anything() -> None:
    assert clopper_pearson(0, 0) == Interval(0.0, 1.0)


def test_a_poisson_count_of_zero_is_bounded_by_the_rule_of_three() -> None:
    assert poisson(0).low == 0.0
    assert poisson(0).high == pytest.approx(2.9957, abs=1e-3)


def test_p99_has_no_upper_bound_below_299_rows() -> None:
    assert quantile_ranks(298, 0.99)[1] == 299
    assert quantile_ranks(299, 0.99)[1] <= 299


@pytest.mark.parametrize(
    ("total", "q", "rank"), [(20, 0.95, 19), (100, 0.99, 99), (1, 0.5, 1), (3, 0.5, 2), (101, 0.99, 100)]
)
def test_nearest_rank_does_not_fall_for_floating_point(total: int, q: float, rank: int) -> None:
    assert nearest_rank(total, q) == rank


def test_a_quotient_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, hits = np.random.default_rng(3), 0
    for _ in range(400):
        one, two = int(rng.binomial(200, 0.8)), int(rng.binomial(300, 0.95))
        interval = ratio((one / 200, clopper_pearson(one, 200)), (two / 300, clopper_pearson(two, 300)))
        hits += interval.low <= 0.8 / 0.95 <= interval.high
    assert hits / 400 >= 0.88


def test_a_quotient_with_zero_on_top_has_a_finite_upper_end() -> None:
    found = ratio((0.0, Interval(0.0, 0.01)), (0.9, Interval(0.85, 0.95)))
    assert found.low == 0.0
    assert 0.01 < found.high < 0.013


def test_a_quotient_over_nothing_is_unbounded() -> None:
    assert ratio((1.0, Interval(0.5, 2.0)), (0.0, Interval(0.0, 0.1))).high == math.inf


def test_a_difference_spreads_by_both_sides() -> None:
    found = difference((5.0, Interval(4.0, 6.0)), (1.0, Interval(1.0, 1.0)))
    assert (found.low, found.high) == (3.0, 5.0)


def test_the_bootstrap_keeps_quiet_below_twenty_blocks() -> None:
    seconds = np.ones(99)
    assert bootstrap.quotient(seconds, seconds, 1) is None
    assert bootstrap.quotient(np.ones(100), np.ones(100), 1) == Interval(1.0, 1.0)


def test_the_bootstrap_is_the_same_for_the_same_seed() -> None:
    good = np.random.default_rng(1).binomial(10, 0.9, 200)
    due = np.full(200, 10)
    assert bootstrap.quotient(good, due, 5) == bootstrap.quotient(good, due, 5)
    assert bootstrap.quotient(good, due, 5) != bootstrap.quotient(good, due, 6)


def test_bursts_widen_the_bootstrap_beyond_clopper_pearson() -> None:
    good, due = np.full(200, 10), np.full(200, 10)
    good[50:70] = 0
    found, exact = bootstrap.quotient(good, due, 2), clopper_pearson(1800, 2000)
    assert found is not None
    assert found.width > 2 * exact.width


def test_a_ratio_of_sums_covers_the_truth_with_few_seconds() -> None:
    rng, hits = np.random.default_rng(5), 0
    for _ in range(300):
        due = rng.poisson(10, 20).astype(float)
        sent = np.array([rng.normal(1000 * n, 100 * math.sqrt(n + 1)) for n in due])
        found = ratio_estimate(sent, due, 1)
        assert found is not None
        hits += found[1].low <= 1000 <= found[1].high
    assert hits / 300 >= 0.85


def test_two_seconds_are_too_few_for_a_rate() -> None:
    assert mean_estimate(np.array([1.0, 2.0]), 1) is None


def test_same_data_do_not_count_as_moved() -> None:
    rng = np.random.default_rng(8)
    wrong = sum(larger(rng.exponential(1, 40), rng.exponential(1, 60)) < 0.01 for _ in range(500))
    assert wrong <= 12
    shares = sum(
        share_moved((int(rng.binomial(200, 0.1)), 200), (int(rng.binomial(100, 0.1)), 100), 0.0) for _ in range(500)
    )
    assert shares <= 5
    rates = sum(
        rate_moved(rng.poisson(10, 30).astype(float), rng.poisson(10, 20).astype(float), 0.0) for _ in range(500)
    )
    assert rates <= 15


def test_clear_changes_count_as_moved() -> None:
    rng = np.random.default_rng(9)
    assert larger(rng.exponential(1, 40), rng.exponential(1, 40) + 2) < 1e-6
    assert share_moved((2, 200), (60, 100), 0.05)
    assert rate_moved(np.full(20, 10.0), np.full(10, 2.0), 0.2)
    assert not rate_moved(np.full(20, 10.0), np.full(10, 9.0), 0.2)


def test_a_constant_sample_is_never_larger_than_itself() -> None:
    assert larger(np.full(10, 3), np.full(10, 3)) == 1.0


@pytest.mark.parametrize(
    ("text", "low", "high", "good", "bad"),
    [
        (">= 0.9", 0.9, 1.0, True, False),
        ("> 0.9", 0.9, 1.0, False, False),
        (">= 0.9", 0.1, 0.89, False, True),
        ("> 0.9", 0.1, 0.9, False, True),
        ("<= 2", 1.0, 2.0, True, False),
        ("< 2", 1.0, 2.0, False, False),
        ("< 2", 2.0, 3.0, False, True),
        ("0.7..0.78", 0.71, 0.77, True, False),
        ("0.7..0.78", 0.69, 0.77, False, False),
        ("0.7..0.78", 0.79, 0.8, False, True),
    ],
)
def test_ends_of_limits_are_exact(text: str, low: float, high: float, good: bool, bad: bool) -> None:
    assert inside(limit(text), Interval(low, high)) is good
    assert outside(limit(text), Interval(low, high)) is bad


def test_the_advice_is_enough_and_hardly_more_than_enough() -> None:
    wanted = limit(">= 0.99")
    factor = share_factor(998, 1000, wanted)
    assert factor is not None
    assert clopper_pearson(round(998 * factor), round(1000 * factor)).low >= 0.99
    less = factor / 1.2
    assert less < 1 or clopper_pearson(round(998 * less), round(1000 * less)).low < 0.99


def test_nothing_decides_a_value_that_lies_on_its_limit() -> None:
    assert share_factor(99, 100, limit(">= 0.99")) is None
    assert spread_factor(1.0, Interval(0.9, 1.1), limit("<= 1.0")) is None


def test_the_advice_names_rate_seconds_and_repeats() -> None:
    text = more_text(2.4, 20.0, 30.0)
    assert "48/s instead of 20/s" in text
    assert "1 m 12 s instead of 30 s" in text
    assert "3 runs" in text
    assert "no amount" in more_text(None, 20.0, 30.0)
