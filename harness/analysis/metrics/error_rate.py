"""error_rate: the share of intended requests that were not answered well and in time."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.data.run import RunData
from harness.analysis.metrics import availability
from harness.analysis.metrics.base import Measured, Metric, Question
from harness.analysis.stats.advice import share_factor
from harness.analysis.stats.interval import Interval


def measure(run: RunData, question: Question) -> Measured:
    """One minus availability, its interval mirrored."""
    good = availability.measure(run, question)
    if good.observed is None or good.interval is None:
        return good
    bad = good.n - round(good.observed * good.n)
    return replace(
        good,
        observed=bad / good.n,
        interval=_mirror(good.interval),
        least=_mirror(good.most),
        most=_mirror(good.least),
        factor=lambda limit: share_factor(bad, good.n, limit),
    )


def _mirror(interval: Interval) -> Interval:
    return Interval(1 - interval.high, 1 - interval.low)


METRIC = Metric("error_rate", "share", "flow", "1 − availability: errors, timeouts and late answers", measure)
