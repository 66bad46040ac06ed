"""Blast radius: protected services, the file's own limits, and faults that cannot be one state on one edge."""

from __future__ import annotations

from collections.abc import Iterator

from harness.faults.catalogue import acts_on, changes_of, effect_of, type_of
from harness.faults.contract import ActsOn, Reach
from harness.model.effect import compose
from harness.model.fault import Injection
from harness.model.plan import Limits
from harness.model.stack import INTERNET, Edge, Stack
from harness.model.units import duration_text
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned


def build_limits(b: Binding) -> Limits:
    """The file's limits, names checked; protected services of the labels included."""
    doc = b.doc.limits
    labelled = [service.name for service in b.stack.services if service.protect] if b.stack else []
    if b.stack is not None:
        services = [service.name for service in b.stack.services]
        regions = [region for region in b.stack.regions if region != INTERNET]
        for index, name in enumerate(doc.regions or ()):
            b.known(("limits", "regions", index), "region", name, regions)
        for key, names in (("services", doc.services), ("protect", doc.protect)):
            for index, name in enumerate(names or ()):
                b.known(("limits", key, index), "service", name, services)
    protect = tuple(dict.fromkeys([*(doc.protect or ()), *labelled]))
    return Limits(doc.regions or (), doc.services or (), doc.edges, doc.faults, doc.for_, protect)


def check_radius(b: Binding, planned: list[Planned], limits: Limits) -> None:
    """Problems for everything that breaks more than it may, or that cannot hold together."""
    if b.stack is None:
        return
    for one in planned:
        _check_protected(b, one, limits, b.stack)
        _check_places(b, one, limits, b.stack)
        hold = one.injection.end_s - one.injection.start_s
        if limits.for_s is not None and hold > limits.for_s + 1e-9:
            text = f"{one.injection.id!r} holds for {duration_text(hold)}, longer than limits.for"
            b.add(one.path, f"{text} ({duration_text(limits.for_s)}); shorten it, or raise the limit")
    _check_counts(b, planned, limits)
    _check_composition(b, planned)
    _check_flags(b, planned)


def _check_protected(b: Binding, one: Planned, limits: Limits, stack: Stack) -> None:
    type_ = type_of(one.injection.fault)
    around = type_.reach is not Reach.INTO
    broken = _edges(stack, one.injection) if type_.acts_on is ActsOn.EDGES else []
    for name in limits.protect:
        hit = name in one.injection.services
        edges = [edge for edge in broken if edge.callee == name or (around and edge.caller == name)]
        if hit or edges:
            which = f" (edge {edges[0].id})" if edges else ""
            text = f"{one.injection.target!r} selects the protected service {name!r}{which}"
            b.add(one.on_path, f"{text}; take it out: {one.injection.target},!{name}")


def _check_places(b: Binding, one: Planned, limits: Limits, stack: Stack) -> None:
    """Every edge must touch an allowed region and an allowed service, every flagged service must be one."""
    for what, allowed in (("regions", limits.regions), ("services", limits.services)):
        if not allowed:
            continue
        outside = [edge.id for edge in _edges(stack, one.injection) if not _touches(edge, what, allowed)]
        if one.injection.services:
            hit = [stack.service(name) for name in one.injection.services]
            outside = [s.name for s in hit if (s.region if what == "regions" else s.name) not in allowed]
        if outside:
            text = f"{one.injection.target!r} breaks {outside[0]}, which touches none of limits.{what}"
            b.add(one.on_path, f"{text} ({', '.join(allowed)}); narrow the target, or widen the limit")


def _touches(edge: Edge, what: str, allowed: tuple[str, ...]) -> bool:
    ends = (edge.caller_region, edge.callee_region) if what == "regions" else (edge.caller, edge.callee)
    return any(end in allowed for end in ends)


def _edges(stack: Stack, injection: Injection) -> list[Edge]:
    return [stack.edge(edge_id) for edge_id in injection.edges]


def _check_counts(b: Binding, planned: list[Planned], limits: Limits) -> None:
    """How many faults and edges at once, seen at the start of each fault."""
    for one in planned:
        together = _holding(planned, one.injection.start_s)
        if limits.faults is not None and len(together) > limits.faults:
            names = ", ".join(other.injection.id for other in together)
            b.add(one.path, f"{len(together)} faults at once ({names}); limits.faults allows {limits.faults}")
        edges = {edge for other in together for edge in other.injection.edges}
        if limits.edges is not None and len(edges) > limits.edges:
            b.add(one.on_path, f"{len(edges)} edges broken at once; limits.edges allows {limits.edges}")


def _holding(planned: list[Planned], moment: float) -> list[Planned]:
    return [one for one in planned if one.injection.start_s <= moment < one.injection.end_s]


def _check_composition(b: Binding, planned: list[Planned]) -> None:
    """Whenever a fault starts or changes: can everything that holds on each of its edges be one state?"""
    on_edges = [one for one in planned if acts_on(one.injection.fault) is ActsOn.EDGES]
    for one in on_edges:
        clash = next((text for moment in _moments(one.injection) for text in _clashes(on_edges, one, moment)), None)
        if clash is not None:
            b.add(one.path, clash)


def _moments(injection: Injection) -> list[float]:
    changes = (injection.start_s + after for after in changes_of(injection.fault))
    return [injection.start_s, *(moment for moment in changes if moment < injection.end_s)]


def _clashes(planned: list[Planned], one: Planned, moment: float) -> Iterator[str]:
    """Edges of `one` on which it cannot be one state with what else holds at this moment."""
    holding = [(other.injection, set(other.injection.edges)) for other in _holding(planned, moment)]
    for edge in one.injection.edges if len(holding) > 1 else ():
        here = [injection for injection, edges in holding if edge in edges]
        effects = (effect_of(injection.fault, moment - injection.start_s) for injection in here)
        try:
            compose(effect for effect in effects if effect is not None)
        except ValueError as error:
            names = ", ".join(repr(injection.id) for injection in here)
            yield f"on {edge}, {names} cannot hold together: {error}"


def _check_flags(b: Binding, planned: list[Planned]) -> None:
    """One service cannot be told two values of one flag at once."""
    for one in planned:
        for other in _holding(planned, one.injection.start_s):
            told, also = dict(one.injection.fault.flags), dict(other.injection.fault.flags)
            services = [name for name in one.injection.services if name in other.injection.services]
            flags = [flag for flag in told if flag in also and told[flag] != also[flag]]
            if other is not one and services and flags:
                text = f"{services[0]} would be told {flags[0]} = {told[flags[0]]} by {one.injection.id!r}"
                also_text = f"and {also[flags[0]]} by {other.injection.id!r} at the same time"
                b.add(one.path, f"{text} {also_text}; let one end before the other begins")
