"""Stop conditions, asked once a second: a breach that lasts long enough ends the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.objective import Stop
from harness.model.probe import Reading, State
from harness.model.progress import FlowNow

PACE_SLACK_S = 0.1
"""Looks are a second apart, give or take; a breach seen at both ends of a second has lasted it."""


class StopWatch:
    """Remembers since when each condition has been breached. A metric without data neither breaches nor clears."""

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._stops = stops
        self._since: dict[Stop, float] = {}

    def ask(
        self,
        now_s: float,
        flows: Sequence[FlowNow],
        host: Mapping[str, float],
        probes: Mapping[str, Reading] | None = None,
        silent_s: float = 0.0,
    ) -> Stop | None:
        """The first condition that has been breached for its whole time at `now_s`, or None.

        `probes`: last answers. `silent_s`: since when the load generator has said nothing.
        """
        for stop in self._stops:
            value = _of_probe(stop, probes[stop.subject]) if probes and stop.subject in probes else None
            if value is None:
                value = _reading(stop, flows, host, silent_s)
            if value is None:
                continue
            breached = value < stop.value if stop.below else value > stop.value
            if not breached:
                self._since.pop(stop, None)
            elif now_s - self._since.setdefault(stop, now_s) >= stop.for_s - PACE_SLACK_S:
                return stop
        return None


def _reading(stop: Stop, flows: Sequence[FlowNow], host: Mapping[str, float], silent_s: float) -> float | None:
    if stop.subject == "host":
        return host.get(stop.metric)
    if stop.subject == "load" and stop.metric in ("silent", "lost"):
        return silent_s if stop.metric == "silent" else max((flow.lost for flow in flows), default=None)
    for flow in flows:
        if flow.flow == stop.subject:
            if flow.availability is None:
                return None
            readings = {
                "availability": flow.availability,
                "error_rate": 1 - flow.availability,
                "goodput": flow.availability * flow.per_s,
                "p50": flow.p50_s,
                "p90": flow.p90_s,
                "p95": flow.p95_s,
                "p99": flow.p99_s,
            }
            return readings.get(stop.metric)
    return None


def _of_probe(stop: Stop, last: Reading) -> float | None:
    """`holds` is 1 or 0, `value` the number that was read; None for an answer that was not measured."""
    if stop.metric == "value":
        return last.value
    return {State.GOOD: 1.0, State.BAD: 0.0, State.UNKNOWN: None}[last.state]
