"""What edge metrics share: seconds of the windows as vectors, and the arrivals that edges are measured against."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Floats, Ints
from harness.analysis.data.edges import EdgeRows
from harness.analysis.data.reach import flows_over
from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import (
    NO_STEADY,
    TO_INFINITY,
    ZERO,
    Measured,
    Question,
    nothing,
    steady_question,
)
from harness.analysis.stats.advice import spread_factor
from harness.analysis.stats.interval import Interval, ratio
from harness.analysis.stats.quotient import mean_estimate, ratio_estimate

Series = Callable[[EdgeRows, Question], Floats]
TOO_SHORT = "fewer than 3 whole seconds: too short for an interval"
SILENT = "nothing crossed this edge, in steady or in the phase"


def per_second(run: RunData, question: Question, series: Series) -> Measured:
    """Mean per second over the windows."""
    values = series(run.edge(question.subject), _whole_seconds(run, question))
    estimate = mean_estimate(values, run.seed("edge", question.key))
    if estimate is None:
        return nothing(TOO_SHORT)
    value, interval = estimate
    return Measured(
        observed=value,
        interval=interval,
        n=len(values),
        least=ZERO,
        most=TO_INFINITY,
        factor=lambda limit: spread_factor(value, interval, limit),
    )


def against_steady(run: RunData, question: Question, series: Series) -> Measured:
    """Per intended request of the flows that can reach this edge, divided by the same in `steady`.

    Measured against what was due, so that neither the noise of arrivals nor a changed rate looks like an effect.
    """
    before = steady_question(run, question)
    if before is None:
        return nothing(NO_STEADY)
    parts = [_per_arrival(run, asked, series) for asked in (question, before)]
    top, bottom = parts
    if top is None or bottom is None:
        return nothing(TOO_SHORT)
    if bottom[0] == 0:
        return nothing(SILENT if top[0] == 0 else f"{NO_STEADY}: nothing crossed this edge in `steady`")
    value, interval = top[0] / bottom[0], ratio(top, bottom)
    return Measured(
        observed=value,
        interval=interval,
        n=math.floor(question.seconds),
        least=ZERO,
        most=TO_INFINITY,
        factor=lambda limit: spread_factor(value, interval, limit),
        baseline=bottom[0],
    )


def _whole_seconds(run: RunData, question: Question) -> Question:
    """The windows cut to whole seconds as this edge was counted: a second across a border of a phase is of neither."""
    return replace(question, windows=tuple(run.edge(question.subject).whole_seconds(question.windows)))


def _per_arrival(run: RunData, question: Question, series: Series) -> tuple[float, Interval] | None:
    question = _whole_seconds(run, question)
    values = series(run.edge(question.subject), question)
    due = _arrivals(run, question)
    if due.sum() <= 0:
        due = np.ones(len(values))
    return ratio_estimate(values, due, run.seed("edge", question.key))


def _arrivals(run: RunData, question: Question) -> Floats:
    total = [np.zeros(0)]
    names = flows_over(run.plan, question.subject)
    crossings = [_crossings(run, name) for name in names]
    for start, end in question.windows:
        seconds = max(0, (end - start) // SECOND_US)
        cuts = start + np.arange(seconds + 1, dtype=np.int64) * SECOND_US
        counts = np.zeros(seconds)
        for at in crossings:
            counts = counts + np.diff(np.searchsorted(at, cuts))
        total.append(counts)
    return np.concatenate(total)


def _crossings(run: RunData, name: str) -> Ints:
    """When each intended request of a flow would put its bytes on an edge, sorted.

    Most of them are its answer's. One that is due just before a second ends has its bytes in the next: counted when it
    was due, it would make both seconds look odd. What waits longer than usual counts after twice the usual time: a
    request that is never answered stays about where it was due.
    """
    rows = run.flow(name)
    if not rows.ok.any():
        return rows.due
    usual = int(np.median(rows.latency[rows.ok]))
    return np.sort(rows.due + np.minimum(rows.latency, 2 * usual))
