"""Moments at which our own machinery was not itself (a proxy replaced, a listener stalled): never blamed on a guest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.analysis.data.run import RunData, Window

BEFORE_US, AFTER_US = 1_000_000, 5_000_000
"""How far a disturbance reaches: noticed up to a second late, and callers need their timeouts to get over it."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One event; `edges` are those of the proxy that it concerns."""

    at_us: int
    edges: frozenset[str]
    text: str

    @property
    def window(self) -> Window:
        """The stretch in which measurements on its edges are ours, not the guest's."""
        return self.at_us - BEFORE_US, self.at_us + AFTER_US


def disturbances(run: RunData) -> list[Disturbance]:
    """All disturbances of a run, in order."""
    found = []
    for event in run.events.named("disturbance"):
        at = run.events.at_us(event)
        if at is None:
            continue
        edge, caller = str(event.get("edge") or ""), str(event.get("caller") or "")
        # A proxy that is replaced costs its caller all connections, also those of edges that had nothing to do with it.
        edges = {known.id for known in run.stack.edges if known.caller == caller} | ({edge} if edge else set())
        where = edge or caller or str(event.get("border") or "a proxy")
        text = f"{event.get('what') or 'disturbance'} on {where} at t{run.wall_s(at):+.1f} s"
        found.append(Disturbance(at, frozenset(edges), text))
    return found


def touching(found: Iterable[Disturbance], edges: Iterable[str], windows: Iterable[Window]) -> list[Disturbance]:
    """Disturbances on one of `edges` whose stretch overlaps one of `windows`."""
    wanted, spans = set(edges), list(windows)
    return [
        one
        for one in found
        if one.edges & wanted and any(one.window[0] < end and start < one.window[1] for start, end in spans)
    ]
