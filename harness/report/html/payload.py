"""What the page's script draws: series as compact JSON that cannot end its own script element."""

from __future__ import annotations

import json
from math import isnan
from typing import Any

import numpy as np

from harness.analysis.data.reach import edges_below
from harness.model.load import Flow
from harness.report.facts import Card, Facts
from harness.report.html.cards import whole_axis
from harness.report.series import Floats, FlowSeries

EDGES_PER_FLOW = 4
"""Lines in a chart of bytes; more cannot be told apart."""


def build_payload(facts: Facts) -> dict[str, Any]:
    """Axis, clock, phases, windows of faults and every line, rounded to what a chart can show."""
    series, axis = facts.series, whole_axis(facts)
    return {
        "start": float(series.times[0]) if series.times.size else 0.0,
        "step": series.step_s,
        "count": int(series.times.size),
        "axis": [axis.start_s, axis.end_s],
        "clock": _clock(facts),
        "phases": [[w.name, w.start_s, w.end_s] for w in facts.windows if w.reached],
        "holds": [list(hold) for hold in facts.holds],
        "flows": {card.flow: _flow(facts, card) for card in facts.cards if card.flow in series.flows},
    }


def as_script(payload: dict[str, Any]) -> str:
    """JSON for a script element: no '<', so no text of a guest can close it or open a comment."""
    text = json.dumps(payload, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _clock(facts: Facts) -> dict[str, Any]:
    phases = facts.record.plan.phases
    return {
        "incident": facts.clock.incident,
        "t0": facts.clock.t0_minutes,
        "map": [[p.start_s, p.end_s, p.incident_start_s, p.compression] for p in phases],
    }


def _flow(facts: Facts, card: Card) -> dict[str, Any]:
    line: FlowSeries = facts.series.flows[card.flow]
    flow = next(known for known in facts.record.plan.load.flows if known.name == card.flow)
    return {
        "title": card.title,
        "offered": _numbers(line.offered, 2),
        "good": _numbers(line.good, 2),
        "p50": _numbers(line.p50 * 1000, 1),
        "p95": _numbers(line.p95 * 1000, 1),
        "p99": _numbers(line.p99 * 1000, 1),
        "ceiling": card.ceiling_s * 1000 if card.ceiling_s is not None else None,
        "edges": [[name, _numbers(facts.series.edges[name], 0)] for name in _edges_of(facts, flow)],
    }


def _edges_of(facts: Facts, flow: Flow) -> list[str]:
    """The flow's own connections, outward from its entry, those that moved most first; the entry always leads."""
    reach = [edge for edge in dict.fromkeys(edges_below(facts.record.plan, flow.name)) if edge in facts.series.edges]
    entry = [edge for edge in reach if edge == flow.edge]
    rest = sorted((edge for edge in reach if edge != flow.edge), key=lambda edge: -_moved(facts, edge))
    return [*entry, *rest][:EDGES_PER_FLOW]


def _moved(facts: Facts, edge: str) -> float:
    """How far an edge's bytes went from their own level before t=0; large for one that fell silent or woke up."""
    line, times = facts.series.edges[edge], facts.series.times
    before, after = line[times < 0], line[times >= 0]
    if not before.size or not after.size:
        return 0.0
    level = float(np.mean(before))
    return abs(float(np.mean(after)) - level) / max(level, float(np.mean(after)), 1.0)


def _numbers(values: Floats, digits: int) -> list[float | None]:
    return [None if isnan(value) else _short(round(value, digits)) for value in values.tolist()]


def _short(value: float) -> float:
    return int(value) if value == int(value) else value
