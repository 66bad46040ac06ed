"""errors: the share of answers over one edge that read HTTP 5xx."""

from __future__ import annotations

from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import Measured, Metric, Question, nothing
from harness.analysis.stats import bootstrap
from harness.analysis.stats.advice import share_factor
from harness.analysis.stats.interval import clopper_pearson


def measure(run: RunData, question: Question) -> Measured:
    """Clopper–Pearson over answers, widened by the block bootstrap."""
    rows = run.edge(question.subject)
    mask = rows.starting(question.windows)
    total = rows.total("responses", mask)
    bad = min(rows.total("errors", mask), total)
    if total == 0:
        return nothing("no answer crossed this edge")
    drawn = bootstrap.quotient(
        rows.grid(rows.counts["errors"], question.windows),
        rows.grid(rows.counts["responses"], question.windows),
        run.seed("errors", question.key),
    )
    return Measured(
        observed=bad / total,
        interval=clopper_pearson(bad, total).widened(drawn),
        n=total,
        least=clopper_pearson(0, total),
        most=clopper_pearson(total, total),
        factor=lambda limit: share_factor(bad, total, limit),
    )


METRIC = Metric("errors", "share", "edge", "answers over the edge that read HTTP 5xx", measure)
