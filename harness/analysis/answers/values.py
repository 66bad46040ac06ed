"""Measured values as people read them in reasons."""

from __future__ import annotations

from harness.model.units import bytes_text, duration_text, ratio_text

SHARES = frozenset({"availability", "error_rate", "errors", "holds"})
TIMES = frozenset({"p50", "p90", "p95", "p99", "recovers_within", "within"})


def value_text(metric: str, value: float) -> str:
    """A measured value with its unit, short."""
    if metric in SHARES or metric.endswith("_ratio"):
        return ratio_text(value)
    if metric in TIMES:
        return duration_text(value)
    return f"{bytes_text(value)}/s" if metric == "bytes" else f"{value:.4g}"
