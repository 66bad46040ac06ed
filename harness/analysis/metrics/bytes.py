"""bytes, bytes_ratio: traffic over one edge, both directions."""

from __future__ import annotations

from harness.analysis.data.arrays import Floats
from harness.analysis.data.edges import EdgeRows
from harness.analysis.metrics.base import Metric, Question
from harness.analysis.metrics.edge_counts import against_steady, per_second


def _series(rows: EdgeRows, question: Question) -> Floats:
    return rows.grid(rows.bytes_both, question.windows)


METRICS = (
    Metric(
        "bytes",
        "bytes/s",
        "edge",
        "bytes per second over the edge, both directions (IP level)",
        lambda run, question: per_second(run, question, _series),
    ),
    Metric(
        "bytes_ratio",
        "ratio",
        "edge",
        "bytes per intended request over the edge, divided by the same in `steady`",
        lambda run, question: against_steady(run, question, _series),
    ),
)
