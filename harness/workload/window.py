"""What each flow does right now, for the terminal and for stop conditions. Pure: no clock of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import ceil

from harness.model.load import Flow, Outcome, Sample
from harness.model.progress import FlowNow


class FlowWindow:
    """Availability, p95 and good answers per second of every flow over the last `length_s`.

    A sample counts at the moment at which it was *decided* (`due_us + latency_us`). By due time, an outage would look
    too good while its timeouts are still open: quick answers are known at once, hung requests only at their deadline.
    Keep one window per purpose; it drops what is older than `length_s`.
    """

    def __init__(self, flows: Iterable[Flow], length_s: float = 5.0) -> None:
        self._length_us = round(length_s * 1e6)
        self._samples: dict[str, deque[Sample]] = {flow.name: deque() for flow in flows}

    def add(self, samples: Iterable[Sample]) -> None:
        """Samples as they arrive, in any order."""
        for sample in samples:
            self._samples.setdefault(sample.flow, deque()).append(sample)

    def now(self, now_us: int) -> list[FlowNow]:
        """Every flow at `now_us` of the run's clock; a flow without a sample has None, not zero."""
        return [self._flow_now(flow, now_us) for flow in self._samples]

    def _flow_now(self, flow: str, now_us: int) -> FlowNow:
        since_us = now_us - self._length_us
        kept = deque(sample for sample in self._samples[flow] if sample.due_us + sample.latency_us >= since_us)
        self._samples[flow] = kept
        if not kept:
            return FlowNow(flow=flow, availability=None, p95_s=None)
        good = sum(sample.outcome is Outcome.OK for sample in kept)
        latencies = sorted(sample.latency_us for sample in kept)

        def quantile(share: float) -> float:
            return latencies[ceil(share * len(latencies)) - 1] / 1e6

        return FlowNow(
            flow=flow,
            availability=good / len(kept),
            p95_s=quantile(0.95),
            per_s=good / (self._length_us / 1e6),
            p50_s=quantile(0.5),
            p90_s=quantile(0.9),
            p99_s=quantile(0.99),
            lost=sum(sample.outcome is Outcome.NO_SLOT for sample in kept) / len(kept),
        )
