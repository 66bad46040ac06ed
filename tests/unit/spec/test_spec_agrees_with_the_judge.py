"""What the plan promises to resolve is what the judge can decide: the same metrics, the same arithmetic."""

from __future__ import annotations

import pytest

from harness.analysis import metrics as judged
from harness.analysis.answers.decide import NEVER as JUDGED_NEVER
from harness.analysis.recovery.band import window_for as judged_window
from harness.analysis.stats.interval import clopper_pearson, quantile_ranks
from harness.spec import resolution
from harness.spec.limits import NEVER
from harness.spec.metrics import METRICS


def test_every_metric_of_a_file_can_be_judged_and_the_other_way_round() -> None:
    assert set(METRICS) == set(judged.METRICS)
    for name, metric in METRICS.items():
        assert judged.METRICS[name].subject == metric.subject, name


@pytest.mark.parametrize(("good", "total"), [(0, 0), (0, 10), (10, 10), (299, 299), (297, 300), (5, 50)])
def test_intervals_of_shares_are_the_same(good: int, total: int) -> None:
    interval = clopper_pearson(good, total)
    assert resolution.share_interval(good, total) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("rate", [0.05, 0.5, 3, 3.4, 5, 20, 49, 50, 200])
def test_windows_of_recovery_are_the_same(rate: float) -> None:
    assert resolution.window_for(rate) == judged_window(rate)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
def test_a_quantile_has_an_upper_end_from_the_promised_number_on(quantile: float) -> None:
    needs = resolution.quantile_needs(quantile)
    assert quantile_ranks(needs, quantile)[1] <= needs
    assert quantile_ranks(needs - 1, quantile)[1] > needs - 1


def test_never_is_the_same_word() -> None:
    assert NEVER == JUDGED_NEVER
