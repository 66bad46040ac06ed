"""Our quantiles are those of scipy.stats, which is the peer here: it is right, and slow to load."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import bdtr
from scipy.stats import binom, chi2

from harness.analysis.stats.binomial import quantile
from harness.analysis.stats.interval import ALPHA, poisson


@pytest.mark.parametrize("seed", range(4))
def test_a_binomial_quantile_is_the_smallest_count_that_reaches_its_probability(seed: int) -> None:
    draw = np.random.default_rng(seed)
    for _ in range(200):
        count = int(np.exp(draw.uniform(0, 14)))
        near = 10 ** draw.uniform(-9, -1)
        chance = float(draw.choice([draw.uniform(), near, 1 - near, 0.0, 0.5, 0.95, 1.0]))
        probability = float(draw.choice([0.05, 0.95, 0.9995, draw.uniform(1e-6, 1 - 1e-6)]))
        assert quantile(probability, count, chance) == binom.ppf(probability, count, chance), (count, chance)


def test_a_probability_that_a_count_reaches_exactly_is_answered_with_that_count() -> None:
    draw = np.random.default_rng(3)
    for _ in range(200):
        count, chance = int(draw.integers(1, 400)), float(draw.uniform(0.05, 0.95))
        k = int(draw.binomial(count, chance))
        reached = float(bdtr(k, count, chance))
        if k and bdtr(k - 1, count, chance) > 1e-6 and reached < 1 - 1e-6:
            assert quantile(reached, count, chance) == k, (count, chance)


def test_many_counts_are_answered_at_once() -> None:
    counts = np.arange(1, 500)
    assert (quantile(0.9995, counts, 0.03) == binom.ppf(0.9995, counts, 0.03)).all()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100, 54_321])
def test_the_interval_of_a_poisson_count_is_garwoods(count: int) -> None:
    found = poisson(count)
    assert found.low == (pytest.approx(chi2.ppf(ALPHA, 2 * count) / 2) if count else 0)
    assert found.high == pytest.approx(chi2.ppf(1 - ALPHA, 2 * count + 2) / 2)
