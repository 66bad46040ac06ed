"""Faults of the file -> injections with resolved edges, services and wall times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import ActsOn, Asked, FaultType, ParameterError
from harness.model.fault import Fault, Injection
from harness.model.stack import Edge, Stack
from harness.model.units import duration_text
from harness.spec.bind.binding import Binding
from harness.spec.bind.containers import containers_hit, containers_of, hit_words
from harness.spec.bind.parts import parts_of
from harness.spec.bind.spread import climbed, gray_words, spread_over_edges, spread_over_time
from harness.spec.bind.timeline import Item, Timeline, Window
from harness.spec.document.check import HANDLED
from harness.spec.document.places import Path
from harness.spec.document.symptoms import parameters_of
from harness.spec.suggest import did_you_mean
from harness.spec.targets import Selection, TargetError, select

SHORTEST_HOLD_S = 2.0
"""A fault that holds for less wall time cannot be proved."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An injection and the place in the file that it came from."""

    injection: Injection
    path: Path
    on_path: Path


def build_injections(b: Binding, timeline: Timeline) -> list[Planned]:
    """All injections in the order of the file. `phase` is the phase in which the fault is written."""
    found: list[Planned] = []
    for window in timeline.windows:
        for number, item in enumerate(window.items, 1):
            injection_id = item.id or (window.name if len(window.items) == 1 else f"{window.name}-{number}")
            if any(injection_id == planned.injection.id for planned in found):
                where = (*item.path, "id") if item.id else item.path
                b.add(where, f"two faults are called {injection_id!r}; give one of them another id")
            found += _planned(b, timeline, window, item, injection_id)
    return found


def _planned(b: Binding, timeline: Timeline, window: Window, item: Item, injection_id: str) -> Iterator[Planned]:
    """The injection of an item; of a fault of one's own those of its parts, called ID.1, ID.2, …"""
    span = _times(b, timeline, window, item)
    asked = _asked(b, item, timeline, span)
    if asked is None:
        return
    type_ = b.kinds[asked.kind]
    if type_.parts is None:
        planned = _one(b, timeline, window, item, (injection_id, asked, span))
        yield from [planned] if planned is not None else []
        return
    for number, part in enumerate(parts_of(b, item, type_, asked, span[0]), 1):
        yield from _planned(b, timeline, window, part, f"{injection_id}.{number}")


def _one(
    b: Binding, timeline: Timeline, window: Window, item: Item, named: tuple[str, Asked, tuple[float, float]]
) -> Planned | None:
    injection_id, asked, (start, end) = named
    wall = timeline.warp.wall(start), timeline.warp.wall(end)
    fault = _built(b, item, asked)
    if fault is None:
        return None
    if start < end:
        _check_hold(b, timeline, item, (start, end), (injection_id, window.name))
    type_ = CATALOGUE[fault.kind]
    selection = select_for(b, item, type_)
    if selection is None:
        return None
    fault = spread_over_time(b, item, type_, fault, wall[1] - wall[0])
    edges = spread_over_edges(b, item, type_, selection, injection_id)
    words, services = gray_words(edges, selection), selection.services
    if type_.acts_on is ActsOn.SERVICES:
        hit = containers_hit(b, item, fault, selection, injection_id)
        edges, services, words = hit.edges, hit.services, hit_words(hit.services, selection)
    fault, edges = climbed(b, item, replace(fault, gray=words), edges, (injection_id, wall[1] - wall[0]))
    return Planned(
        Injection(
            id=injection_id,
            fault=fault,
            target=item.on,
            phase=window.name,
            start_s=wall[0],
            end_s=wall[1],
            edges=tuple(edge.id for edge in edges),
            services=services if type_.acts_on in (ActsOn.FLAGS, ActsOn.SERVICES) else (),
            source=item.source,
            line=b.line(item.path),
        ),
        item.path,
        item.on_path,
    )


def _times(b: Binding, timeline: Timeline, window: Window, item: Item) -> tuple[float, float]:
    """Start and end on the timeline's clock."""
    start = window.start if item.at is None else item.at
    if (
        item.at is not None
        and not item.part
        and not window.start <= item.at < window.end
        and not b.problems.any_broken("timeline")
    ):
        span = f"{duration_text(window.start)} to {duration_text(window.end)}"
        b.add((*item.path, "at"), f"begins at {duration_text(start)}, outside its phase {window.name!r} ({span})")
    if item.for_ is not None and item.until is not None:
        b.add((*item.path, "until"), "either for or until, not both", key=True)
    end = window.end if item.until is None else item.until
    end = end if item.for_ is None else start + item.for_
    where = (*item.path, "for" if item.for_ is not None else "until" if item.until is not None else "at")
    last = timeline.windows[-1].end
    if end > last + 1e-9 and not b.problems.any_broken("timeline"):
        text = f"holds until {duration_text(end)}, but the timeline ends at {duration_text(last)}"
        b.add(where, f"{text}; end it earlier, or add a phase after it")
    if end <= start and window.end > window.start:
        b.add(where, f"ends at {duration_text(end)}, not after it begins at {duration_text(start)}")
    return start, end


def _check_hold(b: Binding, timeline: Timeline, item: Item, span: tuple[float, float], names: tuple[str, str]) -> None:
    start, end = span
    hold = timeline.warp.wall(end) - timeline.warp.wall(start)
    if hold >= SHORTEST_HOLD_S or b.observed:
        return
    message = f"{names[0]!r} would hold for {duration_text(hold)} of wall time; less than 2 s cannot be proved"
    inside = any(window.start <= start and end <= window.end for window in timeline.windows)
    if timeline.clock.incident and timeline.clock.of(names[1]) > 1 and inside:
        fits = timeline.clock.of(names[1]) * hold / SHORTEST_HOLD_S
        message += f"; a clock of {fits:.4g}x or slower in phase {names[1]!r} would do"
    elif timeline.clock.incident and hold > 0:
        message += f"; a clock {SHORTEST_HOLD_S / hold:.3g} times slower would do"
    else:
        message += "; write at least 2s"
    b.add((*item.path, "for") if item.for_ is not None else item.path, message)


def _asked(b: Binding, item: Item, timeline: Timeline, span: tuple[float, float]) -> Asked | None:
    """The one symptom of an item with its parameters; None after a problem."""
    written = item.symptom.written(b.kinds)
    if len(written) != 1:
        given = list(written)
        text = f"{' and '.join(given)} at once; give each a fault of its own" if given else f"no symptom; {HANDLED}"
        b.add((*item.path, given[1]) if given else item.path, text, key=bool(given))
        return None
    key, value = next(iter(written.items()))
    type_ = b.kinds[value if key == "how" else key]
    values, given_names = parameters_of(type_, value)
    begins, share = timeline.warp.wall(span[0]), _share(b, item, type_)
    return Asked(
        kind=type_.kind,
        values=values,
        given=given_names,
        share=1.0 if type_.acts_on is ActsOn.SERVICES else share,
        hold_s=max(span[1] - span[0], 0.0),
        wall_s=lambda seconds: timeline.warp.wall(span[0] + seconds) - begins,
    )


def _built(b: Binding, item: Item, asked: Asked) -> Fault | None:
    """The fault that was asked for; None after a problem."""
    try:
        return b.kinds[asked.kind].build(asked)
    except ParameterError as error:
        key = "how" if item.symptom.how is not None else asked.kind
        b.add((*item.path, key, *filter(None, [error.name])), str(error), key=error.key)
        return None


def _share(b: Binding, item: Item, type_: FaultType) -> float:
    share = item.symptom.share
    if share is None:
        return 1.0
    if not type_.shares:
        instead = "write rate inside it" if type_.per_request else "it is all or nothing; use slow, hang or refuse"
        text = f"{type_.kind} has no share, {instead}"
        b.add((*item.path, "share"), text, key=True)
    if share <= 0:
        b.add((*item.path, "share"), "a share of 0 breaks nothing; write more than 0%")
    return share


def select_for(b: Binding, item: Item, type_: FaultType) -> Selection | None:
    """What the target selects for this symptom; None without a stack, or after a problem."""
    if b.stack is None:
        return None
    try:
        selection = select(b.stack, item.on, type_.reach)
    except TargetError as error:
        b.add(item.on_path, str(error))
        return None
    if type_.acts_on is ActsOn.FLAGS:
        return selection if _flags_taken(b, b.stack, item, selection) else None
    if type_.acts_on is ActsOn.SERVICES:
        return containers_of(b, b.stack, item, type_, selection)
    if not selection.edges:
        b.add(item.on_path, f"{item.on!r} has no edge to break: nobody calls it; see `regionfall edges`")
        return None
    datagrams = [edge for edge in selection.edges if edge.udp]
    if datagrams and not (_cuts(type_) and item.symptom.share in (None, 1.0)):
        return _without_datagrams(b, item, type_, selection, datagrams[0])
    if type_.by_name:
        return _asked_for(b, item, selection)
    return _speaking_http(b, item, selection) if type_.per_request else selection


def _cuts(type_: FaultType) -> bool:
    """Whether it cuts whole edges in the packet filter, which datagrams pass as well."""
    effect = type_.effect(Fault(type_.kind), 0.0) if type_.full_cut else None
    return effect is not None and effect.cuts_only


def _without_datagrams(b: Binding, item: Item, type_: FaultType, selection: Selection, first: Edge) -> Selection | None:
    """Edges of a selection that carry streams: datagrams can only be cut as a whole. None if there is no other."""
    streams = tuple(edge for edge in selection.edges if not edge.udp)
    what = f"a share of {type_.kind}" if _cuts(type_) else type_.kind
    if not streams:
        text = f"{first.id} is UDP, which can be cut as a whole, but takes no {what}"
        b.add(item.on_path, f"{text}; use hang or refuse")
        return None
    b.notes.append(f"{item.on}: {what} leaves UDP calls as they are ({first.id}, …); only cuts reach them")
    kept = replace(selection, edges=streams)
    if type_.by_name:
        return _asked_for(b, item, kept)
    return _speaking_http(b, item, kept) if type_.per_request else kept


def _asked_for(b: Binding, item: Item, selection: Selection) -> Selection | None:
    """Calls of services: clients outside are given addresses, they look nothing up. None if there is no other call."""
    edges = tuple(edge for edge in selection.edges if not edge.entry)
    if edges:
        return replace(selection, edges=edges)
    text = f"{item.on!r} is only called by clients outside, who look up no name here"
    b.add(item.on_path, f"{text}; name a call between services, as in web->orders")
    return None


def _speaking_http(b: Binding, item: Item, selection: Selection) -> Selection | None:
    """Those edges of the selection that are marked http; None after a problem if none is."""
    edges = tuple(edge for edge in selection.edges if edge.http)
    if not edges:
        first = selection.edges[0]
        text = f"no edge of {item.on!r} is marked http, so its requests cannot be told apart"
        b.add(item.on_path, f"{text}; write {first.callee}:{first.port}/http in regionfall.calls of {first.caller}")
        return None
    return replace(selection, edges=edges)


def _flags_taken(b: Binding, stack: Stack, item: Item, selection: Selection) -> bool:
    """Whether every service of the selection takes flags."""
    taking = [service.name for service in stack.services if service.flags is not None]
    if not selection.services:
        b.add(item.on_path, f"flags are told to services, {item.on!r} names edges; {did_you_mean(item.on, taking)}")
        return False
    deaf = [name for name in selection.services if name not in taking]
    if deaf:
        words = f"{', '.join(deaf[:3])} cannot be told to misbehave: no label regionfall.flags"
        b.add(item.on_path, f"{words}; {did_you_mean(deaf[0], taking)}")
    dependents = [name for name in selection.services if name in taking and stack.service(name).role == "dependent"]
    if dependents:
        b.add(item.on_path, f"{dependents[0]} is a dependent; break what it depends on, never itself")
    return not deaf and not dependents
