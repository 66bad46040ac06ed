"""Latency quantiles from the intended start, nearest rank over all rows; timeouts are only known to be longer."""

from __future__ import annotations

import math

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Bools, Ints
from harness.analysis.data.flows import FlowRows
from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import NO_ROWS, ZERO, Measured, Metric, Question, nothing
from harness.analysis.stats import bootstrap
from harness.analysis.stats.advice import share_factor
from harness.analysis.stats.interval import Interval, quantile_ranks
from harness.model.objective import Limit

TIMEOUT = "> timeout"


def quantile_metric(name: str, q: float) -> Metric:
    """The metric of one quantile."""
    meaning = f"{round(q * 100)} of 100 intended requests were answered within this time of their intended start"
    return Metric(name, "s", "flow", meaning, lambda run, question: measure(run, question, q))


def measure(run: RunData, question: Question, q: float) -> Measured:
    """Order-statistic (binomial) interval, widened by the block bootstrap of the share below the observed value."""
    rows = run.flow(question.subject).between(question.windows)
    total = len(rows)
    if total == 0:
        return nothing(NO_ROWS)
    order = np.lexsort((rows.censored, rows.latency))
    latency, censored = rows.latency[order], rows.censored[order]
    rank = nearest_rank(total, q)
    low, high = _widened_ranks(run, question, rows, int(latency[rank - 1]), q)
    hidden = bool(censored[rank - 1])
    upper = math.inf if high > total or censored[high - 1] else latency[high - 1] / 1e6
    deadline = run.flow_of[question.subject].deadline_s if question.subject in run.flow_of else math.inf
    return Measured(
        observed=None if hidden else float(latency[rank - 1]) / 1e6,
        interval=Interval(0.0 if low < 1 else float(latency[low - 1]) / 1e6, float(upper)),
        n=total,
        reason=TIMEOUT if hidden else "",
        least=ZERO,
        most=Interval(deadline, math.inf) if quantile_ranks(total, q)[0] >= 1 else Interval(0.0, math.inf),
        factor=lambda limit: _factor(latency, censored, q, limit),
    )


def nearest_rank(total: int, q: float) -> int:
    """1-based rank of the quantile: the smallest whose share is at least `q` (guarded against 0.95·20 = 19.000…4)."""
    return max(1, math.ceil(total * q - 1e-9))


def _widened_ranks(run: RunData, question: Question, rows: FlowRows, value: int, q: float) -> tuple[int, int]:
    total = len(rows)
    low, high = quantile_ranks(total, q)
    below, due = _below_per_second(rows, value, question)
    drawn = bootstrap.quotient(below, due, run.seed("quantile", q, question.key))
    if drawn is None:
        return low, high
    share = float((rows.latency <= value).mean())
    down, up = drawn.high - share, share - drawn.low
    return min(low, math.floor(total * (q - down))), max(high, math.ceil(total * (q + up)))


def _below_per_second(rows: FlowRows, value: int, question: Question) -> tuple[Ints, Ints]:
    below, due = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    running = np.concatenate(([0], np.cumsum(rows.latency <= value)))
    for start, end in question.windows:
        cut = np.searchsorted(rows.due, np.arange(start, end + 1, SECOND_US, dtype=np.int64))
        below.append(np.diff(running[cut]))
        due.append(np.diff(cut))
    return np.concatenate(below), np.concatenate(due)


def _factor(latency: Ints, censored: Bools, q: float, limit: Limit) -> float | None:
    """A quantile limit is a limit on the share of rows that are fast enough."""
    bound = limit.high if limit.high is not None else limit.low
    if bound is None:
        return None
    fast = int(((latency <= bound * 1e6) & ~censored).sum())
    share = Limit("", low=q) if limit.high is not None else Limit("", high=q)
    return share_factor(fast, len(latency), share)


METRICS = tuple(quantile_metric(name, q) for name, q in (("p50", 0.50), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99)))
