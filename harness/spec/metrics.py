"""The catalogue of metrics: what may stand in `expect`, `steady`, `signature` and `stop`, in which unit, about what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Value(StrEnum):
    """How the limit of a metric is written."""

    SHARE = "share"
    SECONDS = "duration"
    PER_SECOND = "rate"
    BYTES = "bytes per second"
    RATIO = "ratio"
    WITHIN = "duration, at most"
    MOMENT = "moment on the incident clock"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `subject`: 'flow', 'edge' or 'probe'; `quantile` 0–1 for latency quantiles (and ratios)."""

    name: str
    value: Value
    unit: str
    subject: str
    meaning: str
    example: str
    quantile: float | None = None
    latency_ratio: bool = False

    @property
    def recovery(self) -> bool:
        """Whether it speaks of a moment (of recovery, of an alert) and not of samples in phases."""
        return self.value in (Value.WITHIN, Value.MOMENT)


def _flow(name: str, value: Value, unit: str, meaning: str, example: str) -> Metric:
    return Metric(name, value, unit, "flow", meaning, example)


def _edge(name: str, value: Value, unit: str, meaning: str, example: str) -> Metric:
    return Metric(name, value, unit, "edge", meaning, example)


def _probe(name: str, value: Value, unit: str, meaning: str, example: str) -> Metric:
    return Metric(name, value, unit, "probe", meaning, example)


def _quantiles() -> list[Metric]:
    names = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
    plain = [
        Metric(
            name,
            Value.SECONDS,
            "s",
            "flow",
            f"{share:.0%} of all intended requests are answered within this time, counted from the intended start;"
            " a timeout stands at its deadline",
            "< 800ms",
            share,
        )
        for name, share in names.items()
    ]
    ratios = [
        Metric(
            f"{name}_ratio",
            Value.RATIO,
            "1",
            "flow",
            f"{name} in the phases, divided by {name} in steady",
            "<= 110% or +20ms",
            names[name],
            True,
        )
        for name in ("p50", "p95", "p99")
    ]
    return plain + ratios


_ALL = (
    _flow("availability", Value.SHARE, "share", "good answers in time, of all intended requests", ">= 99%"),
    _flow("error_rate", Value.SHARE, "share", "1 - availability", "<= 1%"),
    _flow("goodput", Value.PER_SECOND, "1/s", "good answers in time, per second", ">= 18/s"),
    *_quantiles(),
    _flow("recovers_within", Value.WITHIN, "s", "wall time from the end of phase `after` (or of the last fault)"
          " until the flow is back in its steady band for good", "15s"),
    _flow("recovered_at", Value.MOMENT, "s", "when the flow is back for good, on the incident's clock from t=0;"
          " `never`: not by the end", "404m..436m"),
    _flow("goodput_ratio", Value.RATIO, "1", "goodput in the phases, divided by goodput in steady", "70%..78%"),
    _flow("availability_ratio", Value.RATIO, "1", "availability in the phases, divided by that in steady", ">= 98%"),
    _edge("bytes", Value.BYTES, "B/s", "bytes over the edge, both directions, per second", ">= 20KB/s"),
    _edge("bytes_ratio", Value.RATIO, "1", "bytes per second in the phases, divided by those in steady", "70%..78%"),
    _edge("requests", Value.PER_SECOND, "1/s", "requests over the edge, per second", ">= 5/s"),
    _edge("requests_ratio", Value.RATIO, "1", "requests per second in the phases, divided by steady's", "<= 20%"),
    _edge("errors", Value.SHARE, "share", "answers with HTTP 5xx, of all answers on the edge", "<= 1%"),
    _probe("holds", Value.SHARE, "share", "good answers of a probe, of all times it was asked; what could not be"
           " measured decides nothing", ">= 100%"),
    _probe("within", Value.WITHIN, "s", "wall time from the end of phase `after` (or from the first fault) until the"
           " probe's first good answer", "60s"),
    _edge("retries", Value.RATIO, "1", "requests on the edge per intended request, relative to steady", "<= 1.2"),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""All metrics by name."""

STOP_METRICS = ("availability", "error_rate", "goodput", "p50", "p90", "p95", "p99")
"""Flow metrics that a stop condition can watch once a second."""

PROBE_STOP_METRICS = ("holds", "value")
"""What a stop condition can watch of a probe: its last answer, good (100%) or bad (0%), and the number in it."""

HOST_METRICS = ("memory_free", "disk_free", "load")
"""`host.…` metrics of stop conditions: bytes, bytes, and the load average of a minute per processor."""

LOAD_METRICS = ("silent", "lost")
"""`load.…` metrics of stop conditions: seconds without a word of the load generator, share of requests that found no
free slot in it."""


def metrics() -> list[dict[str, str]]:
    """The catalogue for `explain metrics`: name, unit, subject, meaning, example."""
    return [
        {"name": m.name, "unit": m.unit, "subject": m.subject, "meaning": m.meaning, "example": m.example}
        for m in METRICS.values()
    ]
