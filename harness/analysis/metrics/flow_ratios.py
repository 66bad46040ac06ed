"""A flow's metric in a phase, divided by the same metric in `steady`."""

from __future__ import annotations

import math

from harness.analysis.data.run import RunData
from harness.analysis.metrics import availability, goodput, quantile
from harness.analysis.metrics.base import NO_STEADY, Measured, Metric, Question, nothing, steady_question
from harness.analysis.stats.advice import spread_factor
from harness.analysis.stats.interval import ANYTHING, Interval, difference, ratio


def ratio_metric(base: Metric) -> Metric:
    """The comparison of one metric with its baseline."""
    meaning = f"{base.name} of the phase divided by {base.name} of `steady`"
    return Metric(
        f"{base.name}_ratio", "ratio", base.subject, meaning, lambda run, question: measure(run, question, base)
    )


def measure(run: RunData, question: Question, base: Metric) -> Measured:
    """Both sides with their intervals, combined (MOVER); `growth` is their difference in the metric's own unit."""
    before = steady_question(run, question)
    if before is None:
        return nothing(NO_STEADY)
    top, bottom = base.measure(run, question), base.measure(run, before)
    if top.interval is None or bottom.interval is None:
        return nothing(top.reason or f"{NO_STEADY}: {bottom.reason}")
    if bottom.observed is None or bottom.observed == 0:
        return nothing(f"{NO_STEADY}: {base.name} of `steady` is {bottom.reason or 'zero'}")
    return _combined(top, bottom, (bottom.observed, bottom.interval))


def _combined(top: Measured, bottom: Measured, divisor: tuple[float, Interval]) -> Measured:
    hidden = top.observed is None or top.interval is None
    known = (top.interval or ANYTHING) if hidden else None
    # a quantile among timeouts has a lower end only: it stands for the value on the low side
    value = known.low if known is not None else top.observed or 0.0
    spread = ratio((value, top.interval or ANYTHING), divisor)
    growth = difference((value, top.interval or ANYTHING), divisor)
    if hidden:
        spread, growth = Interval(spread.low, math.inf), Interval(growth.low, math.inf)
    observed = None if top.observed is None else top.observed / divisor[0]
    return Measured(
        observed=observed,
        interval=spread,
        n=top.n,
        reason=top.reason,
        least=_against(top.least, divisor),
        most=_against(top.most, divisor),
        growth=growth,
        factor=(lambda limit: spread_factor(observed, spread, limit)) if observed is not None else None,
        baseline=bottom.observed,
    )


def _against(extreme: Interval, divisor: tuple[float, Interval]) -> Interval:
    """What an extreme top would have given, the baseline as it is."""
    low, high = divisor[1].low, divisor[1].high
    bottom = extreme.low / high if math.isfinite(high) and high > 0 else 0.0
    return Interval(bottom, extreme.high / low if low > 0 else math.inf)


COMPARED = (availability.METRIC, goodput.METRIC, *(metric for metric in quantile.METRICS if metric.name != "p90"))
METRICS = tuple(ratio_metric(base) for base in COMPARED)
