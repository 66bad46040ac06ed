"""availability: the share of intended requests that were answered well and in time."""

from __future__ import annotations

from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import NO_ROWS, Measured, Metric, Question, nothing
from harness.analysis.stats import bootstrap
from harness.analysis.stats.advice import share_factor
from harness.analysis.stats.interval import clopper_pearson


def measure(run: RunData, question: Question) -> Measured:
    """Clopper–Pearson, widened by the block bootstrap where there are 20 blocks."""
    rows = run.flow(question.subject).between(question.windows)
    total, good = len(rows), int(rows.ok.sum())
    if total == 0:
        return nothing(NO_ROWS)
    drawn = bootstrap.quotient(
        *run.flow(question.subject).per_second(question.windows), run.seed("availability", question.key)
    )
    return Measured(
        observed=good / total,
        interval=clopper_pearson(good, total).widened(drawn),
        n=total,
        least=clopper_pearson(0, total),
        most=clopper_pearson(total, total),
        factor=lambda limit: share_factor(good, total, limit),
    )


METRIC = Metric("availability", "share", "flow", "intended requests answered well and within their deadline", measure)
