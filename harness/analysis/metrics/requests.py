"""requests, requests_ratio, retries: calls over one edge."""

from __future__ import annotations

from harness.analysis.data.arrays import Floats
from harness.analysis.data.edges import EdgeRows
from harness.analysis.metrics.base import Metric, Question
from harness.analysis.metrics.edge_counts import against_steady, per_second


def _series(rows: EdgeRows, question: Question) -> Floats:
    return rows.grid(rows.counts["requests"], question.windows)


METRICS = (
    Metric(
        "requests",
        "requests/s",
        "edge",
        "requests per second over the edge, retries included",
        lambda run, question: per_second(run, question, _series),
    ),
    Metric(
        "requests_ratio",
        "ratio",
        "edge",
        "requests over the edge per intended request, divided by the same in `steady`",
        lambda run, question: against_steady(run, question, _series),
    ),
    Metric(
        "retries",
        "ratio",
        "edge",
        "amplification: requests over the edge per intended request, divided by the same in `steady` (1 = none)",
        lambda run, question: against_steady(run, question, _series),
    ),
)
