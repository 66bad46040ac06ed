"""Stop conditions, asked once a second: a breach that lasts long enough ends the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.objective import Stop
from harness.model.probe import Reading, State
from harness.model.progress import FlowNow


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
    ) -> Stop | None:
        """The first condition that has been breached for its whole time at `now_s`, or None. `probes`: last answers."""
        for stop in self._stops:
            value = _of_probe(stop, probes[stop.subject]) if probes and stop.subject in probes else None
            if value is None:
                value = _reading(stop, flows, host)
            if value is None:
                continue
            breached = value < stop.value if stop.below else value > stop.value
            if not breached:
                self._since.pop(stop, None)
            elif now_s - self._since.setdefault(stop, now_s) >= stop.for_s:
                return stop
        return None


def _reading(stop: Stop, flows: Sequence[FlowNow], host: Mapping[str, float]) -> float | None:
    if stop.subject == "host":
        return host.get(stop.metric)
    for flow in flows:
        if flow.flow == stop.subject:
            if flow.availability is None:
                return None
            readings = {
                "availability": flow.availability,
                "error_rate": 1 - flow.availability,
                "goodput": flow.availability * flow.per_s,
                "p95": flow.p95_s,
            }
            return readings.get(stop.metric)
    return None


def _of_probe(stop: Stop, last: Reading) -> float | None:
    """`holds` is 1 or 0, `value` the number that was read; None for an answer that was not measured."""
    if stop.metric == "value":
        return last.value
    return {State.GOOD: 1.0, State.BAD: 0.0, State.UNKNOWN: None}[last.state]
