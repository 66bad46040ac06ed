"""How much may be broken: one injection against limits and protected services. Pure; asked at plan and at injection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from harness.faults.catalogue import type_of
from harness.faults.contract import ActsOn, Reach
from harness.model.fault import Injection
from harness.model.plan import Limits
from harness.model.stack import Edge, Stack
from harness.model.units import duration_text


@dataclass(frozen=True, slots=True)
class Breach:
    """Why an injection may not be. `of_target`: its target is to blame, not its length or its company."""

    message: str
    of_target: bool


def breaches(stack: Stack, limits: Limits, one: Injection, together: Sequence[Injection]) -> Iterator[Breach]:
    """Everything that forbids `one` while `together` (itself included) hold; each message names the declaring line."""
    yield from _protected(stack, limits, one)
    yield from _places(stack, limits, one)
    hold = one.end_s - one.start_s
    if limits.for_s is not None and hold > limits.for_s + 1e-9:
        text = f"{one.id!r} holds for {duration_text(hold)}, longer than limits.for ({duration_text(limits.for_s)})"
        yield Breach(f"{text}; shorten it, or raise the limit{_at(limits, 'for')}", False)
    if limits.faults is not None and len(together) > limits.faults:
        names = ", ".join(other.id for other in together)
        text = f"{len(together)} faults at once ({names}); limits.faults allows {limits.faults}"
        yield Breach(f"{text}{_at(limits, 'faults')}", False)
    edges = {edge for other in together for edge in other.edges}
    if limits.edges is not None and len(edges) > limits.edges:
        text = f"{len(edges)} edges broken at once; limits.edges allows {limits.edges}"
        yield Breach(f"{text}{_at(limits, 'edges')}", True)


def broken_edges(stack: Stack, injection: Injection) -> list[Edge]:
    """Edges that are broken themselves; those of a fault on services only show it."""
    acts_on_edges = type_of(injection.fault).acts_on is ActsOn.EDGES
    return _edges(stack, injection.edges) if acts_on_edges else []


def _protected(stack: Stack, limits: Limits, one: Injection) -> Iterator[Breach]:
    around = type_of(one.fault).reach is not Reach.INTO
    broken = broken_edges(stack, one)
    for name in limits.protect:
        edges = [edge for edge in broken if edge.callee == name or (around and edge.caller == name)]
        if name in one.services or edges:
            which = f" (edge {edges[0].id})" if edges else ""
            text = f"{one.target!r} selects the protected service {name!r}{which}"
            yield Breach(f"{text}; take it out: {one.target},!{name}{_at(limits, f'protect {name}')}", True)


def _places(stack: Stack, limits: Limits, one: Injection) -> Iterator[Breach]:
    """Every edge must touch an allowed region and an allowed service, every service that is acted on must be one."""
    for what, allowed in (("regions", limits.regions), ("services", limits.services)):
        if not allowed:
            continue
        outside = [edge.id for edge in _edges(stack, one.edges) if not _touches(edge, what, allowed)]
        if one.services:
            hit = [stack.service(name) for name in one.services]
            outside = [s.name for s in hit if (s.region if what == "regions" else s.name) not in allowed]
        if outside:
            text = f"{one.target!r} breaks {outside[0]}, which touches none of limits.{what} ({', '.join(allowed)})"
            yield Breach(f"{text}; narrow the target, or widen the limit{_at(limits, what)}", True)


def _touches(edge: Edge, what: str, allowed: Collection[str]) -> bool:
    ends = (edge.caller_region, edge.callee_region) if what == "regions" else (edge.caller, edge.callee)
    return any(end in allowed for end in ends)


def _edges(stack: Stack, ids: Sequence[str]) -> list[Edge]:
    known = {edge.id: edge for edge in stack.edges}
    return [known[edge] for edge in ids if edge in known]


def _at(limits: Limits, key: str) -> str:
    place = dict(limits.declared).get(key, "")
    return f" (declared at {place})" if place else ""
