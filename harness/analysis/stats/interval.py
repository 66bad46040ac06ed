"""Exact intervals: 95 % on each side, that is 90 % two-sided. A gate looks at one side at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betaincinv, gammaincinv

from harness.analysis.stats.binomial import quantile

ALPHA = 0.05
"""Chance of error on one side."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the true value lies; an end may be infinite."""

    low: float
    high: float

    def widened(self, other: Interval | None) -> Interval:
        """The smallest interval that holds both."""
        return self if other is None else Interval(min(self.low, other.low), max(self.high, other.high))

    def scaled(self, factor: float) -> Interval:
        """Both ends times a factor above 0."""
        return Interval(self.low * factor, self.high * factor)

    @property
    def width(self) -> float:
        """High minus low; infinite where an end is."""
        return self.high - self.low


ANYTHING = Interval(-math.inf, math.inf)


def clopper_pearson(good: int, total: int, alpha: float = ALPHA) -> Interval:
    """Exact interval of a share; [0, 1] without data."""
    if total <= 0:
        return Interval(0.0, 1.0)
    low = 0.0 if good <= 0 else float(betaincinv(good, total - good + 1, alpha))
    high = 1.0 if good >= total else float(betaincinv(good + 1, total - good, 1 - alpha))
    return Interval(low, high)


def poisson(count: int, alpha: float = ALPHA) -> Interval:
    """Exact (Garwood) interval of the mean of a Poisson count."""
    low = 0.0 if count <= 0 else float(gammaincinv(count, alpha))
    return Interval(low, float(gammaincinv(count + 1, 1 - alpha)))


def quantile_ranks(total: int, q: float, alpha: float = ALPHA) -> tuple[int, int]:
    """1-based ranks between which the `q` quantile lies; 0 and total + 1 stand for 'beyond the data'."""
    low = int(quantile(alpha, total, q))
    high = int(quantile(1 - alpha, total, q)) + 1
    return max(0, min(low, total)), min(high, total + 1)


def ratio(top: tuple[float, Interval], bottom: tuple[float, Interval]) -> Interval:
    """Interval of a quotient of two independent values that are not negative (MOVER, Donner and Zou 2012).

    Infinite above where the divisor's interval touches 0.
    """
    (a, ia), (b, ib) = top, bottom
    if b <= 0:
        return Interval(0.0, math.inf)
    return Interval(_ratio_low(a, ia.low, b, ib.high), _ratio_high(a, ia.high, b, ib.low))


def _ratio_low(a: float, a_low: float, b: float, b_high: float) -> float:
    if a_low <= 0 or not math.isfinite(b_high):
        return 0.0
    spread = math.hypot(math.log(a / a_low), math.log(b_high / b))
    return a / b * math.exp(-spread)


def _ratio_high(a: float, a_high: float, b: float, b_low: float) -> float:
    if b_low <= 0 or not math.isfinite(a_high):
        return math.inf
    if a <= 0:
        return a_high / b_low
    spread = math.hypot(math.log(a_high / a), math.log(b / b_low))
    return a / b * math.exp(spread)


def difference(top: tuple[float, Interval], bottom: tuple[float, Interval]) -> Interval:
    """Interval of top minus bottom (MOVER)."""
    (a, ia), (b, ib) = top, bottom
    down, up = math.hypot(a - ia.low, ib.high - b), math.hypot(ia.high - a, b - ib.low)
    return Interval(a - b - down, a - b + up)
