"""What is normal for one flow: bands for the good share and the slow tail, from sliding windows of the baseline.

The good share may fall to m − max(5 % of m, 3 · 1.4826 · MAD); the tail (p95, p90 in small windows) may rise to the
largest of 1.25 m, m + 50 ms and three robust deviations. A window also counts as inside while its number of bad or
slow requests is what chance alone gives once in 2 000 windows of the baseline: windows are small, Poisson is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import Bools, Floats, Ints
from harness.analysis.data.flows import FlowRows
from harness.analysis.stats.binomial import quantile

SHARE_SLACK = 0.05
LATENCY_FACTOR = 1.25
LATENCY_FLOOR_US = 50_000
MAD_TO_SIGMA = 1.4826
RARE = 0.9995
SHALLOW = 0.8
"""A dip that keeps this part of the normal good share, and is over within one window, is noise."""
FULL_WINDOW = 60
"""Arrivals from which a window's tail is its p95; below, p90."""


@dataclass(frozen=True, slots=True)
class Band:
    """Normal behaviour of one flow. `good` is the normal good share, `slow_us` the longest normal tail."""

    good: float
    least_good: float
    slow_us: float
    chance_bad: float
    chance_slow: float
    window_us: int
    step_us: int
    consecutive: int
    rate_per_s: float


def window_for(rate_per_s: float) -> tuple[int, int]:
    """Window seconds and how many in a row mean 'recovered': 1 s from 50/s, 3 s down to 10 a window, then wider."""
    if rate_per_s >= 50:
        return 1, 10
    if rate_per_s * 3 >= 10:
        return 3, 5
    return math.ceil(10 / max(rate_per_s, 0.1)), 3


def band_of(rows: FlowRows, window: tuple[int, int]) -> Band | None:
    """The band from the baseline's rows; None with fewer than 10 rows or a baseline that hardly ever works."""
    base = rows.between([window])
    seconds = (window[1] - window[0]) / 1e6
    if len(base) < 10 or seconds <= 0 or base.ok.mean() < 0.2:
        return None
    rate = len(base) / seconds
    window_s, consecutive = window_for(rate)
    window_us = window_s * 1_000_000
    step = max(100_000, window_us // 12)
    shares, tails = _baseline_windows(base, window, window_us, step)
    good = float(np.median(shares))
    slow = _tail_limit(tails)
    return Band(
        good=good,
        least_good=good - max(SHARE_SLACK * good, 3 * _deviation(shares)),
        slow_us=slow,
        chance_bad=(float((~base.ok).sum()) + 0.5) / (len(base) + 1),
        chance_slow=(float((base.latency > slow).sum()) + 0.5) / (len(base) + 1),
        window_us=window_us,
        step_us=step,
        consecutive=consecutive,
        rate_per_s=rate,
    )


def tail_of(count: int) -> float:
    """Which quantile stands for the tail of a window of so many arrivals."""
    return 0.95 if count >= FULL_WINDOW else 0.9


def most_bad(counts: Ints, allowed_share: float, chance: float) -> Ints:
    """How many bad ones a window of each size may hold: the band's share, or what chance alone gives."""
    band = np.floor(counts * allowed_share + 1e-9).astype(np.int64)
    luck = quantile(RARE, np.maximum(counts, 1), min(max(chance, 1e-9), 1.0))
    most: Ints = np.maximum(band, luck)
    return most


def _baseline_windows(base: FlowRows, window: tuple[int, int], length: int, step: int) -> tuple[Floats, Floats]:
    starts = np.arange(window[0], max(window[0] + 1, window[1] - length + 1), step, dtype=np.int64)
    first, last = np.searchsorted(base.due, starts), np.searchsorted(base.due, starts + length)
    shares, tails = [], []
    for low, high in zip(first, last, strict=True):
        if high - low < 3:
            continue
        shares.append(float(base.ok[low:high].mean()))
        ordered = np.sort(base.latency[low:high])
        tails.append(float(ordered[max(1, math.ceil((high - low) * tail_of(high - low) - 1e-9)) - 1]))
    if not shares:
        return np.array([base.ok.mean()]), np.array([float(np.quantile(base.latency, 0.95))])
    return np.array(shares), np.array(tails)


def _tail_limit(tails: Floats) -> float:
    middle = max(float(np.median(tails)), 1.0)
    robust = middle * math.exp(3 * _deviation(np.log(np.maximum(tails, 1.0))))
    return max(middle * LATENCY_FACTOR, middle + LATENCY_FLOOR_US, robust)


def _deviation(values: Floats) -> float:
    return MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values))))


def outside_rows(rows: FlowRows, band: Band) -> Bools:
    """Rows that a recovered flow would not show: not good, or slower than the normal tail."""
    mask: Bools = ~rows.ok | (rows.latency > band.slow_us)
    return mask
