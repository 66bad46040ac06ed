"""What the load program is told, out of the plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.containers.load.schedule import schedule, starts
from harness.containers.load.wire import Order, Step, Target
from harness.model.errors import LoadError
from harness.model.load import Flow, RatePoint
from harness.model.plan import Plan


def order_of(plan: Plan, targets: Mapping[str, str]) -> Order:
    """The order for this plan on the run's clock, whose 0 is the start of the load.

    `targets` maps a flow's name to the base URL that it is sent to, where that is not the service's own name
    (which the load container's hosts file leads to the proxy). LoadError for a `connections` that nobody knows.
    """
    return Order(
        targets=tuple(_target(flow, targets.get(flow.name)) for flow in plan.load.flows),
        steps=_steps(plan.load.rates, plan.start_s),
        duration_s=plan.end_s - plan.start_s,
        arrivals=plan.load.arrivals,
        seed=plan.seed,
        slots=plan.load.slots,
        recycle=_recycle(plan.load.connections),
    )


def expected_arrivals(order: Order, until_us: int | None = None) -> int:
    """How many arrivals the schedule holds, or those due before `until_us`: the controller's own count."""
    if until_us is None:
        return sum(1 for _ in starts(order))
    count = 0
    for due_us in starts(order):
        if due_us >= until_us:
            break
        count += 1
    return count


def expected_per_flow(order: Order) -> dict[str, int]:
    """How many arrivals of each flow the schedule holds."""
    counts = [0] * len(order.targets)
    for _, flow in schedule(order):
        counts[flow] += 1
    return {target.name: count for target, count in zip(order.targets, counts, strict=True)}


def _target(flow: Flow, base: str | None) -> Target:
    return Target(
        name=flow.name,
        url=(base or f"http://{flow.service}:{flow.port}").rstrip("/") + flow.path,
        method=flow.method,
        body=flow.body,
        deadline_us=round(flow.deadline_s * 1e6),
        weight=flow.weight,
        ok_status=flow.ok_status,
    )


def _steps(rates: Sequence[RatePoint], start_s: float) -> tuple[Step, ...]:
    """Rates moved to the run's clock; the first one also covers all before it."""
    ordered = sorted(rates, key=lambda point: point.at_s)
    begun = [point for point in ordered if point.at_s <= start_s] or ordered[:1]
    later = [point for point in ordered if point.at_s > start_s and point is not begun[-1]]
    return (Step(0.0, begun[-1].per_s), *(Step(point.at_s - start_s, point.per_s) for point in later))


def _recycle(connections: str) -> int:
    """Requests per connection: 0 = kept, 1 = a new one for each."""
    known = {"keep-alive": 0, "new": 1}
    if connections in known:
        return known[connections]
    word, _, count = connections.partition(" ")
    if word == "recycle" and count.isdigit() and int(count) > 0:
        return int(count)
    raise LoadError(f"load.connections is {connections!r}; write keep-alive, new or recycle N (N requests each)")
