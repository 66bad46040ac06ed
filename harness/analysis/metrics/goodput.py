"""goodput: good answers per second."""

from __future__ import annotations

from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import NO_ROWS, TO_INFINITY, ZERO, Measured, Metric, Question, nothing
from harness.analysis.stats import bootstrap
from harness.analysis.stats.advice import spread_factor
from harness.analysis.stats.interval import Interval, clopper_pearson, poisson


def measure(run: RunData, question: Question) -> Measured:
    """Poisson arrivals: the exact interval of a Poisson count, since the arrivals' own noise is in it.

    Even arrivals: that of the good share, times what was offered. Widened by the block bootstrap.
    """
    rows = run.flow(question.subject).between(question.windows)
    total, good, seconds = len(rows), int(rows.ok.sum()), question.seconds
    if total == 0 or seconds <= 0:
        return nothing(NO_ROWS)
    counted = poisson(good) if run.plan.load.arrivals == "poisson" else clopper_pearson(good, total).scaled(total)
    by_second, due = run.flow(question.subject).per_second(question.windows)
    drawn = bootstrap.quotient(by_second, due * 0 + 1, run.seed("goodput", question.key))
    value = good / seconds
    interval = counted.scaled(1 / seconds).widened(drawn)
    return Measured(
        observed=value,
        interval=interval,
        n=total,
        least=ZERO if total >= 3 else Interval(0.0, poisson(0).high / seconds),
        most=TO_INFINITY,
        factor=lambda limit: spread_factor(value, interval, limit),
    )


METRIC = Metric("goodput", "good answers/s", "flow", "good answers per second of the phase", measure)
