"""The registry of metrics: one small file each, found here by name."""

from __future__ import annotations

from harness.analysis.metrics import (
    availability,
    bytes,
    error_rate,
    errors,
    flow_ratios,
    goodput,
    probes,
    quantile,
    recovery_time,
    requests,
)
from harness.analysis.metrics.base import Metric

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        availability.METRIC,
        error_rate.METRIC,
        goodput.METRIC,
        *quantile.METRICS,
        *recovery_time.METRICS,
        *flow_ratios.METRICS,
        *bytes.METRICS,
        *requests.METRICS,
        errors.METRIC,
        *probes.METRICS,
    )
}
"""Every metric that an objective or a signature check may name."""
