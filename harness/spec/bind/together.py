"""Faults that cannot be one state on one edge, at any moment at which the plan changes what holds there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.faults.catalogue import acts_on, changes_of, effect_of, taken_at
from harness.faults.contract import ActsOn
from harness.model.effect import compose
from harness.model.fault import Injection
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned


@dataclass(frozen=True, slots=True)
class Shared:
    """An edge that several injections have taken at one moment; it stands for all edges that exactly these have."""

    edge: str
    moment: float
    injections: tuple[Injection, ...]


def check_together(b: Binding, planned: Iterable[Planned]) -> None:
    """A problem at every item that is told to an edge together with what it excludes."""
    on_edges = [one for one in planned if acts_on(one.injection.fault) is ActsOn.EDGES]
    clashes = [clash for shared in _shared([one.injection for one in on_edges]) for clash in _clashes(shared)]
    for one in on_edges:
        text = next((text for ids, text in clashes if one.injection.id in ids), None)
        if text is not None:
            b.add(one.path, text)


def _shared(injections: Sequence[Injection]) -> Iterator[Shared]:
    """Whenever anything begins, changes or ends: who shares an edge with whom, each company once a moment."""
    moments = {moment for one in injections for moment in _moments(one)}
    for moment in sorted(moments):
        company: dict[str, list[int]] = {}
        for index, one in enumerate(injections):
            if one.start_s <= moment < one.end_s:
                for edge in taken_at(one, moment - one.start_s):
                    company.setdefault(edge, []).append(index)
        first = {tuple(here): edge for edge, here in reversed(company.items()) if len(here) > 1}
        for here, edge in reversed(first.items()):
            yield Shared(edge, moment, tuple(injections[index] for index in here))


def _moments(one: Injection) -> Iterator[float]:
    """Its end is one: what it hid until then shows."""
    yield from (one.start_s, one.end_s)
    yield from (one.start_s + after for after in changes_of(one.fault))


def _clashes(shared: Shared) -> Iterator[tuple[set[str], str]]:
    """Ids that exclude each other here, in words; pairs where pairs do, else all of them."""
    error = _excluded(shared.injections, shared.moment)
    if not error:
        return
    pairs: list[tuple[Sequence[Injection], str]] = [
        (pair, text) for pair in combinations(shared.injections, 2) if (text := _excluded(pair, shared.moment))
    ]
    for among, text in pairs or [(shared.injections, error)]:
        ids = [one.id for one in among]
        listed = ", ".join(map(repr, ids))
        yield {*ids}, f"on {shared.edge}, {listed} cannot hold together: {text}"


def _excluded(injections: Sequence[Injection], moment: float) -> str:
    """Why these cannot be one state on an edge at this moment; '' if they can."""
    effects = [effect_of(one.fault, moment - one.start_s) for one in injections]
    try:
        compose(effect for effect in effects if effect is not None)
    except ValueError as error:
        return str(error)
    return ""
