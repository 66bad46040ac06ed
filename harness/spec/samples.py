"""How many requests a plan sends: by flow, phase and span of time."""

from __future__ import annotations

from harness.model.plan import Plan


def expected_samples(plan: Plan, flow: str, phases: tuple[str, ...]) -> float:
    """Expected intended requests of one flow over phases."""
    weights = sum(each.weight for each in plan.load.flows)
    weight = sum(each.weight for each in plan.load.flows if each.name == flow)
    spans = [(phase.start_s, phase.end_s) for phase in plan.phases if phase.name in phases]
    return sum(arrivals(plan, *span) for span in spans) * weight / weights if weights else 0.0


def flow_rate(plan: Plan, flow: str, phases: tuple[str, ...] = ()) -> float:
    """Requests per second of one flow, the mean over phases (all by default)."""
    names = phases or tuple(phase.name for phase in plan.phases)
    seconds = sum(phase.end_s - phase.start_s for phase in plan.phases if phase.name in names)
    return expected_samples(plan, flow, names) / seconds if seconds else 0.0


def arrivals(plan: Plan, start: float, end: float) -> float:
    """Expected requests of all flows between two moments."""
    points = [(-1e9, plan.load.rates[0].per_s), *((p.at_s, p.per_s) for p in plan.load.rates[1:])]
    total = 0.0
    for index, (at, rate) in enumerate(points):
        until = points[index + 1][0] if index + 1 < len(points) else 1e9
        total += max(0.0, min(end, until) - max(start, at)) * rate
    return total
