"""Σtop / Σbottom over the seconds of a window, with the doubt that the seconds themselves show."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from harness.analysis.data.arrays import Floats
from harness.analysis.stats import bootstrap
from harness.analysis.stats.interval import ALPHA, Interval

LAGS = 2
"""Seconds over which neighbours may depend on each other (Newey–West)."""


def ratio_estimate(top: Floats, bottom: Floats, seed: int) -> tuple[float, Interval] | None:
    """The quotient and its interval; None without 3 seconds or with nothing below the line.

    Normal approximation of a ratio estimator: residuals top − q·bottom by second, their variance the larger of
    independent and Newey–West (what spills into the next second must not make it narrower), Student's t for few
    seconds. Widened by the block bootstrap where there are 20 blocks.
    """
    seconds, below = len(top), float(bottom.sum())
    if seconds < 3 or below <= 0:
        return None
    value = float(top.sum()) / below
    residual = top - value * bottom
    deviation = math.sqrt(_long_run_variance(residual) * seconds) / below
    reach = float(stdtrit(seconds - 1, 1 - ALPHA)) * deviation
    normal = Interval(max(0.0, value - reach), value + reach)
    return value, normal.widened(bootstrap.quotient(top, bottom, seed))


def _long_run_variance(residual: Floats) -> float:
    seconds = len(residual)
    plain = float(residual @ residual) / (seconds - 1)
    long_run = plain
    for lag in range(1, min(LAGS, seconds - 1) + 1):
        covariance = float(residual[lag:] @ residual[:-lag]) / (seconds - 1)
        long_run += 2 * (1 - lag / (LAGS + 1)) * covariance
    return max(plain, long_run)


def mean_estimate(values: Floats, seed: int) -> tuple[float, Interval] | None:
    """Mean per second and its interval, by the same rules."""
    return ratio_estimate(values, np.ones(len(values)), seed)
