"""Targets: which edges and services a fault selects.

    region · service · a->b · a->b:port · *->b · a->* · region1->region2 · role:NAME · tag:NAME · entry:NAME
    joined by commas, minus with `!`; `region:NAME` and `service:NAME` where one name is both.

A plain name is looked up as a region first, then as a service, then as the load generator (`load`, `internet`). Either
side of an arrow may be any of `*`, a region, a service or `role:NAME`.

`A | B` has two sides, each a target of places joined by commas; faults between sides (partition, one-way) need it, and
no other fault takes it.

What a region, service or role selects depends on the fault's `Reach`: most take the edges *into* it; blackout takes
every edge into, out of and inside it; isolate takes the edges that cross its rim.
An arrow, a tag or an entry selects its edges and no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.faults.contract import Reach
from harness.model.stack import INTERNET, LOAD, Edge, Stack
from harness.spec.durations import shown
from harness.spec.suggest import did_you_mean

_PORT = re.compile(r"(?P<name>.*\S)\s*:\s*(?P<port>\d{1,6})(?:/(?P<proto>udp|tcp))?")
_PREFIXES = ("role", "tag", "entry", "region", "service")


class TargetError(ValueError):
    """A target that cannot be read, or that matches nothing; the message names the part and what to write."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a target stands for: edges in the order of the stack, and the services that it names as places."""

    edges: tuple[Edge, ...]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Services that one word stands for; `edges` is None for a place, else the exact edges of an arrow, tag, entry."""

    services: frozenset[str]
    edges: tuple[Edge, ...] | None = None


def select(stack: Stack, target: str, reach: Reach = Reach.INTO) -> Selection:
    """Resolve `target`. TargetError if any part matches nothing, or if nothing is left."""
    if reach.two_sided or "|" in target:
        return _between(stack, target, reach)
    terms = [term.strip() for term in target.split(",")]
    if not target.strip():
        raise TargetError("an empty target; name a region, a service or caller->callee")
    kept: dict[Edge, None] = {}
    places: dict[str, None] = {}
    minus: list[str] = []
    for term in terms:
        if not term:
            raise TargetError(f"{shown(target)} has an empty part; remove the comma too many")
        if term.startswith("!"):
            minus.append(term[1:].strip())
            continue
        place = _term(stack, term)
        kept |= dict.fromkeys(_edges(stack, place, reach))
        places |= dict.fromkeys(sorted(place.services))
    if not kept and not places and minus:
        raise TargetError(f"{shown(target)} only takes away; name first what to take, as in us-east-1,!mailer")
    for term in minus:
        place = _term(stack, term)
        for edge in _edges(stack, place, Reach.AROUND if reach is not Reach.INTO else reach):
            kept.pop(edge, None)
        for service in place.services if place.edges is None else ():
            places.pop(service, None)
    if not kept and not places:
        raise TargetError(f"{shown(target)} takes everything away again; nothing is left to break")
    return Selection(tuple(edge for edge in stack.edges if edge in kept), tuple(places))


def _between(stack: Stack, target: str, reach: Reach) -> Selection:
    """Edges from the left side to the right one, and back if `reach` says so."""
    sides = [side.strip() for side in target.split("|")]
    if not reach.two_sided:
        raise TargetError(f"{shown(target)} has two sides; only partition and one-way stand between two sides")
    if len(sides) != 2 or not all(sides):
        raise TargetError(f"{shown(target)} does not have two sides; write us-east-1 | us-west-2")
    left, right = (_side_of(stack, side) for side in sides)
    both = sorted(left & right)
    if both:
        raise TargetError(f"{both[0]} is on both sides of {shown(target)}; take it out of one: {sides[0]},!{both[0]}")
    ways = [(left, right)] + ([(right, left)] if reach is Reach.BETWEEN else [])
    edges = tuple(e for e in stack.edges if any(e.caller in start and e.callee in end for start, end in ways))
    if not edges:
        raise TargetError(f"no call crosses {shown(target)}; `regionfall edges` lists what there is")
    return Selection(edges, tuple(sorted(left | right)))


def _side_of(stack: Stack, side: str) -> set[str]:
    """The services of one side: places only, joined by commas, minus with `!`."""
    kept: set[str] = set()
    gone: set[str] = set()
    for term in (term.strip() for term in side.split(",")):
        place = _term(stack, term.removeprefix("!").strip())
        if place.edges is not None:
            raise TargetError(f"{shown(term)} names edges; a side is made of regions, services and roles")
        (gone if term.startswith("!") else kept).update(place.services)
    if not kept - gone:
        raise TargetError(f"the side {shown(side)} is empty; name a region, a service or a role")
    return kept - gone


def _edges(stack: Stack, place: _Place, reach: Reach) -> Iterable[Edge]:
    if place.edges is not None:
        return place.edges
    inside = place.services
    keep: Callable[[Edge], bool] = {
        Reach.INTO: lambda edge: edge.callee in inside,
        Reach.AROUND: lambda edge: edge.callee in inside or edge.caller in inside,
        Reach.RIM: lambda edge: (edge.callee in inside) != (edge.caller in inside),
        Reach.INWARD: lambda edge: edge.callee in inside and edge.caller not in inside,
    }[reach]
    return [edge for edge in stack.edges if keep(edge)]


def _term(stack: Stack, term: str) -> _Place:
    if "->" in term:
        return _arrow(stack, term)
    prefix, colon, name = term.partition(":")
    if colon and prefix.strip() == "tag":
        tags = sorted({edge.tag for edge in stack.edges if edge.tag})
        edges = tuple(edge for edge in stack.edges if edge.tag == name.strip())
        if not edges:
            raise TargetError(f"unknown tag {shown(name.strip())}; {did_you_mean(name.strip(), tags)}")
        return _Place(frozenset(), edges)
    if colon and prefix.strip() == "entry":
        return _entry(stack, name.strip())
    return _Place(_services(stack, term))


def _entry(stack: Stack, name: str) -> _Place:
    edges = tuple(edge for edge in stack.edges if edge.entry and edge.callee == name)
    if not edges:
        entries = [edge.callee for edge in stack.edges if edge.entry]
        raise TargetError(f"unknown entry {shown(name)}; {did_you_mean(name, entries)}")
    return _Place(frozenset(), edges)


def _arrow(stack: Stack, term: str) -> _Place:
    left, _, right = (side.strip() for side in term.partition("->"))
    if not left or not right or "->" in right:
        raise TargetError(f"{shown(term)} is not caller->callee; write one name (or *) on either side of one ->")
    match = _PORT.fullmatch(right)
    port, proto = (int(match["port"]), match["proto"]) if match else (None, None)
    callee = match["name"].strip() if match else right
    from_, to = _side(stack, left), _side(stack, callee)
    edges = tuple(
        edge
        for edge in stack.edges
        if edge.caller in from_
        and edge.callee in to
        and (port is None or edge.port == port)
        and (proto is None or edge.udp == (proto == "udp"))
    )
    if not edges:
        raise TargetError(f"no edge {shown(term)}; {_nearest_edge(stack, term, from_, to)}")
    return _Place(frozenset(), edges)


def _nearest_edge(stack: Stack, term: str, from_: frozenset[str], to: frozenset[str]) -> str:
    """What there is instead: other ports of the pair, what the caller does call, or the nearest edge of all."""
    pair = [edge.id for edge in stack.edges if edge.caller in from_ and edge.callee in to]
    if pair:
        return f"there is {', '.join(pair[:5])}"
    calls = [edge.id for edge in stack.edges if edge.caller in from_]
    if calls:
        return f"there is {', '.join(calls[:8])}{', …' if len(calls) > 8 else ''}"
    return did_you_mean(term, [edge.id for edge in stack.edges])


def _side(stack: Stack, word: str) -> frozenset[str]:
    if word == "*":
        return frozenset({LOAD, *(service.name for service in stack.services)} | {e.callee for e in stack.edges})
    return _services(stack, word)


def _services(stack: Stack, word: str) -> frozenset[str]:
    """The services that a word stands for: role:, region: or service: NAME, or a plain name (region before service)."""
    prefix, colon, rest = (part.strip() for part in word.partition(":"))
    regions, names = set(stack.regions), {service.name for service in stack.services}
    if colon and prefix not in _PREFIXES:
        raise TargetError(f"{shown(word)}: unknown kind of target {shown(prefix)}; {did_you_mean(prefix, _PREFIXES)}")
    if colon and prefix == "role":
        return _role(stack, rest)
    name = rest if colon else word
    if (not colon or prefix == "region") and name in regions:
        return frozenset(_of_region(stack, name))
    if (not colon or prefix == "service") and name in names:
        return frozenset({name})
    if (not colon or prefix == "service") and (copies := stack.copies(name)):
        return frozenset(copies)
    outside = {edge.callee for edge in stack.edges} - names
    if not colon and name in outside | {LOAD, INTERNET}:
        return frozenset({LOAD if name == INTERNET else name})
    names |= {service.copy_of for service in stack.services if service.copy_of}
    known = sorted(regions if prefix == "region" and colon else names | regions | outside)
    what = {"region": "region", "service": "service"}.get(prefix, "target") if colon else "target"
    raise TargetError(f"unknown {what} {shown(name)}; {did_you_mean(name, known)}")


def _of_region(stack: Stack, region: str) -> set[str]:
    """Services of a region; callees outside the project and the load have a region on their edges only."""
    inside = {service.name for service in stack.services if service.region == region}
    inside |= {edge.callee for edge in stack.edges if edge.callee_region == region}
    return inside | {edge.caller for edge in stack.edges if edge.caller_region == region}


def _role(stack: Stack, role: str) -> frozenset[str]:
    found = frozenset(service.name for service in stack.services if service.role == role)
    if not found:
        roles = sorted({service.role for service in stack.services if service.role})
        raise TargetError(f"unknown role {shown(role)}; {did_you_mean(role, roles)}")
    return found


def one_edge(stack: Stack, target: str) -> Edge:
    """The one edge that `target` names (`a->b` or `a->b:port`). TargetError if it is none, or more than one."""
    edges = select(stack, target).edges
    if "->" not in target or len(edges) != 1:
        names = ", ".join(edge.id for edge in edges[:5])
        raise TargetError(f"{shown(target)} must name exactly one edge, as caller->callee:port; it selects: {names}")
    return edges[0]
