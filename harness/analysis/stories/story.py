"""What happened to each flow, from measurement: unaffected, survived, degraded or down, and why."""

from __future__ import annotations

from harness.analysis.data.flows import FlowRows
from harness.analysis.data.reach import edges_below
from harness.analysis.data.run import RunData, Window
from harness.analysis.data.spans import overlap_us
from harness.analysis.metrics.quantile import nearest_rank
from harness.analysis.metrics.recovery_time import moment_text, recovered
from harness.analysis.recovery.recover import Recovery
from harness.analysis.stories.path import path_of
from harness.model.finding import DependentStory
from harness.model.plan import STEADY
from harness.model.stack import Service
from harness.model.units import duration_text, ratio_text

UNAFFECTED, SURVIVED, DEGRADED, DOWN = "unaffected", "survived", "degraded", "down"
DOWN_BELOW = 0.5
SLOW_FROM = 0.95
BRIEF = 0.25
"""Away for at most this part of the time in which faults held below it, and back while they still held: survived."""


def stories(run: RunData) -> tuple[DependentStory, ...]:
    """One story per flow, in the plan's order; none where there is no baseline or too little was watched."""
    told = (_story(run, flow.name, flow.service) for flow in run.plan.load.flows if len(run.flow(flow.name)))
    return tuple(one for one in told if one is not None)


def _story(run: RunData, flow: str, service_name: str) -> DependentStory | None:
    service = next((one for one in run.stack.services if one.name == service_name), Service(service_name))
    found, rows = recovered(run, flow), run.flow(flow)
    if found.reason:
        return None
    strategy, expected = service.label("strategy"), service.label("expected")
    if found.left is None:
        seen = rows.between([(run.first_fault_us, run.end_us)])
        return DependentStory(flow, service_name, strategy, expected, _calm(seen), UNAFFECTED)
    away = (found.left.at_us, found.back.at_us if found.back else max(run.end_us, found.left.at_us + 1))
    status = _status(run, flow, rows.between([away]), away, found)
    text = _observed(run, rows, away, found, status)
    return DependentStory(flow, service_name, strategy, expected, text, status, path_of(run, flow, away))


def _calm(seen: FlowRows) -> str:
    return f"{ratio_text(float(seen.ok.mean()))} of {len(seen)} requests good" if len(seen) else "no request was due"


def _status(run: RunData, flow: str, rows: FlowRows, away: Window, found: Recovery) -> str:
    below = set(edges_below(run.plan, flow))
    held = [hold.window for hold in run.holds if hold.window and below & set(hold.injection.edges)]
    begin = min((window[0] for window in held), default=away[0])
    end = max((window[1] for window in held), default=away[0])
    brief = overlap_us(away, (begin, end)) <= BRIEF * (end - begin)
    if found.back is not None and away[1] < end and brief:
        return SURVIVED
    return DOWN if len(rows) and rows.ok.mean() < DOWN_BELOW else DEGRADED


def _observed(run: RunData, rows: FlowRows, away: Window, found: Recovery, status: str) -> str:
    within, base = rows.between([away]), rows.between([run.windows[STEADY]])
    since = moment_text(run, found.left) if found.left else ""
    unsure = f" (unsure: fine for the last {duration_text(round(found.unsure_us / 1e6, 1))})" if found.unsure_us else ""
    until = f"to {moment_text(run, found.back)}" if found.back else f"to the end{unsure}"
    good = float(within.ok.mean()) if len(within) else 0.0
    if good >= SLOW_FROM and status != SURVIVED:
        return f"slow: p95 {_p95(within)} instead of {_p95(base)}, {since} {until}"
    words = {SURVIVED: "away for a while", DEGRADED: "in part", DOWN: "down"}
    return f"{words[status]}: {ratio_text(good)} of {len(within)} requests good, {since} {until}"


def _p95(rows: FlowRows) -> str:
    if len(rows) == 0:
        return "?"
    ordered = sorted(zip(rows.latency.tolist(), rows.censored.tolist(), strict=True))
    latency, hidden = ordered[nearest_rank(len(rows), 0.95) - 1]
    return f"over {duration_text(latency / 1e6)}" if hidden else duration_text(latency / 1e6)
