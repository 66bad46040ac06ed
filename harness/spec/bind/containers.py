"""Faults on containers: which services of the target are hit, and on which edges that must show."""

from __future__ import annotations

import random
from collections.abc import Iterator

from harness.faults.catalogue import type_of
from harness.faults.contract import FaultType, Reach
from harness.model.act import Act
from harness.model.fault import Fault
from harness.model.stack import Edge, Stack
from harness.spec.bind.binding import Binding
from harness.spec.bind.timeline import Item
from harness.spec.targets import Selection


def containers_of(b: Binding, stack: Stack, item: Item, type_: FaultType, selection: Selection) -> Selection | None:
    """Services of the project out of a selection, None after a problem. The load and hosts outside are none of ours."""
    own = {service.name for service in stack.services}
    services = tuple(name for name in selection.services if name in own)
    if not services:
        text = f"{type_.kind} acts on services, {item.on!r} names none of the project's"
        b.add(item.on_path, f"{text}; name a service, region or role")
        return None
    return Selection(_edges(stack, services, type_.reach), services)


def containers_hit(b: Binding, item: Item, fault: Fault, selection: Selection, name: str) -> Selection:
    """The services that are hit: all, or a seeded share of them. The same seed and injection draw the same ones."""
    assert b.stack is not None
    type_, share, services = type_of(fault), item.symptom.share, selection.services
    if share is not None and 0 < share < 1:
        count = max(1, round(share * len(services)))
        if count >= len(services):
            text = f"{share:.0%} of {len(services)} services is all of them"
            b.add((*item.path, "share"), f"{text}; take a larger target, or leave share out", key=True)
        drawn = set(random.Random(f"{b.seed}/{name}").sample(services, min(count, len(services))))
        services = tuple(service for service in services if service in drawn)
    hit = Selection(_edges(b.stack, services, type_.reach), services)
    for text in _problems(b.stack, type_, fault, hit):
        b.add(item.on_path, text)
    return hit


def _problems(stack: Stack, type_: FaultType, fault: Fault, hit: Selection) -> Iterator[str]:
    if not hit.edges:
        yield f"nobody calls {', '.join(hit.services[:3])}, so {type_.kind} could not be proved; see `regionfall edges`"
    bare = [name for name in hit.services if not stack.service(name).disk]
    if type_.act is not None and type_.act(fault).act is Act.DISK and bare:
        limited = [service.name for service in stack.services if service.disk]
        how = "`regionfall explain faults disk` says how to give it one"
        instead = f"these have one: {', '.join(limited[:5])}" if limited else how
        yield f"{bare[0]} has no size-limited volume that could be full; {instead}"


def hit_words(services: tuple[str, ...], selection: Selection) -> str:
    """`1 of 3 services`, '' if all are hit."""
    return f"{len(services)} of {len(selection.services)} services" if len(services) < len(selection.services) else ""


def _edges(stack: Stack, services: tuple[str, ...], reach: Reach) -> tuple[Edge, ...]:
    """Where it must show: edges into the services; where their own calls may suffer as well, also those."""
    around = reach is Reach.AROUND
    return tuple(e for e in stack.edges if e.callee in services or (around and e.caller in services))
