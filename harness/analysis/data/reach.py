"""Who can reach what: entry services, and the edges below them."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.plan import Plan
from harness.model.stack import Stack


def services_below(stack: Stack, service: str) -> set[str]:
    """`service` and everything that it can call, directly or through others."""
    calls: dict[str, list[str]] = {}
    for edge in stack.edges:
        calls.setdefault(edge.caller, []).append(edge.callee)
    seen, waiting = {service}, [service]
    while waiting:
        for callee in calls.get(waiting.pop(), ()):
            if callee not in seen:
                seen.add(callee)
                waiting.append(callee)
    return seen


def edges_below(plan: Plan, flow_name: str) -> list[str]:
    """The entry edge of a flow and every edge that can be used to answer it."""
    flow = next((flow for flow in plan.load.flows if flow.name == flow_name), None)
    if flow is None:
        return []
    callers = services_below(plan.stack, flow.service)
    return [flow.edge, *(edge.id for edge in plan.stack.edges if edge.caller in callers)]


def flows_over(plan: Plan, edge_id: str) -> list[str]:
    """Flows whose requests can cross the edge: those of an entry edge itself, else of every entry above it."""
    direct = [flow.name for flow in plan.load.flows if flow.edge == edge_id]
    return direct or [flow.name for flow in plan.load.flows if edge_id in edges_below(plan, flow.name)]


def subject_edges(plan: Plan, subject: str, flows: Iterable[str]) -> set[str]:
    """Edges on which the answer about a subject (flow or edge) depends."""
    return set(edges_below(plan, subject)) if subject in set(flows) else {subject}
