"""The smallest change that would decide: how many times the data, in rate, seconds or repeats."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.analysis.stats.interval import Interval, clopper_pearson
from harness.model.objective import Limit
from harness.model.units import duration_text

LARGEST = 1000.0
"""Beyond a thousand times the data nobody is helped by a number."""


def decides(limit: Limit, interval: Interval) -> bool:
    """Whether an interval lies wholly on one side of every end of the limit."""
    return inside(limit, interval) or outside(limit, interval)


def inside(limit: Limit, interval: Interval) -> bool:
    """The whole interval is on the good side."""
    low = limit.low is None or (interval.low > limit.low if limit.low_strict else interval.low >= limit.low)
    high = limit.high is None or (interval.high < limit.high if limit.high_strict else interval.high <= limit.high)
    return low and high


def outside(limit: Limit, interval: Interval) -> bool:
    """The whole interval is on the bad side."""
    low = limit.low is not None and (interval.high <= limit.low if limit.low_strict else interval.high < limit.low)
    high = limit.high is not None and (interval.low >= limit.high if limit.high_strict else interval.low > limit.high)
    return low or high


def holds(limit: Limit, value: float) -> bool:
    """Whether a single value is within the limit."""
    return inside(limit, Interval(value, value))


def share_factor(good: int, total: int, limit: Limit) -> float | None:
    """How many times the samples would decide, if the share stayed as it is; None if no number would."""
    if total <= 0:
        return None
    share = good / total
    return _first(lambda factor: decides(limit, clopper_pearson(round(share * total * factor), round(total * factor))))


def spread_factor(value: float, interval: Interval, limit: Limit) -> float | None:
    """The same for a value whose interval shrinks with the square root of the data."""
    if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return None

    def closer(factor: float) -> bool:
        root = math.sqrt(factor)
        return decides(limit, Interval(value - (value - interval.low) / root, value + (interval.high - value) / root))

    return _first(closer)


def _first(works: Callable[[float], bool]) -> float | None:
    """The smallest factor that works, to a thousandth, between steps of a twentieth."""
    factor = 1.0
    while factor <= LARGEST and not works(factor):
        factor *= 1.05
    if factor > LARGEST:
        return None
    low, high = factor / 1.05, factor
    while factor > 1.0 and high - low > 0.001 * low:
        middle = (low + high) / 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def more_text(factor: float | None, rate_per_s: float, seconds: float) -> str:
    """The advice in words."""
    if factor is None:
        return "no amount of data up to a thousand times this decides at this value: move the limit or the value"
    factor = max(factor, 1.05)
    repeats = math.ceil(factor)
    parts = [f"{math.ceil(rate_per_s * factor - 0.02)}/s instead of {rate_per_s:.3g}/s"] if rate_per_s > 0 else []
    if seconds > 0:
        parts.append(
            f"{duration_text(math.ceil(seconds * factor - 0.1))} instead of {duration_text(round(seconds, 1))}"
        )
    parts.append(f"{repeats} runs together")
    return "would decide: " + ", or ".join(parts)
