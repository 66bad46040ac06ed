"""Did it move? Before against during, with a significance and a floor for the size of the effect."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from harness.analysis.data.arrays import Floats, Ints
from harness.analysis.stats.interval import clopper_pearson

ALPHA = 0.01
MIN_N = 5


def share_moved(before: tuple[int, int], during: tuple[int, int], floor: float, alpha: float = ALPHA) -> bool:
    """Whether a share differs by at least `floor` and significantly: exact intervals that do not overlap.

    Intervals at α/2 each side that do not overlap are a test at a level well below α.
    """
    if during[1] < MIN_N or before[1] < 1:
        return False
    one, two = before[0] / before[1], during[0] / during[1]
    if abs(two - one) < floor:
        return False
    first, second = clopper_pearson(*before, alpha=alpha / 2), clopper_pearson(*during, alpha=alpha / 2)
    return second.low > first.high if two > one else second.high < first.low


def larger(before: Ints | Floats, during: Ints | Floats) -> float:
    """One-sided p-value of 'during is not larger' (Mann–Whitney, normal approximation with ties)."""
    n, m = len(before), len(during)
    if n == 0 or m == 0:
        return 1.0
    both = np.concatenate((before, during)).astype(np.float64)
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    statistic = float(ranks[n:].sum()) - m * (m + 1) / 2
    size = n + m
    ties = float((counts.astype(np.float64) ** 3 - counts).sum()) / (size * (size - 1)) if size > 1 else 0.0
    variance = n * m / 12 * (size + 1 - ties)
    if variance <= 0:
        return 1.0
    return float(ndtr((n * m / 2 + 0.5 - statistic) / math.sqrt(variance)))


def rate_moved(before: Floats, during: Floats, floor: float, alpha: float = ALPHA) -> bool:
    """Whether a value per second changed by a factor beyond 1 ± `floor`, significantly (Welch, per second)."""
    if len(before) < 3 or len(during) < 3:
        return False
    one, two = float(before.mean()), float(during.mean())
    if abs(two - one) < floor * max(one, two) or one == two:
        return False
    error = math.sqrt(before.var(ddof=1) / len(before) + during.var(ddof=1) / len(during))
    return error == 0 or float(ndtr(-abs(two - one) / error)) * 2 < alpha
