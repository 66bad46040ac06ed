"""Spill-over: guest edges outside the selection that moved when an injection began. A finding, never an error:
survivors are expected to move when load fails over to them."""

from __future__ import annotations

from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData, Window
from harness.analysis.proof.movement import Moved, moved
from harness.analysis.stats.two_sample import ALPHA
from harness.model.plan import STEADY

LOOK_BACK_US = 30_000_000
LEAST_US = 5_000_000
BYTES_FLOOR = 0.25
"""Half the size of a rate's movement (movement.py halves rates): bytes and requests must change by half."""


def spill_over(run: RunData, hold: Hold) -> tuple[str, ...]:
    """Edges with what moved most on each, the strongest first."""
    if hold.window is None:
        return ()
    before, during = _before(run, hold.window[0]), hold.window
    selected = set(hold.injection.edges) | _held_by_others(run, hold)
    alpha = ALPHA / max(len(run.edges), 1)
    found: list[tuple[Moved, str]] = []
    for edge, rows in run.edges.items():
        if edge not in selected:
            found += [(one, edge) for one in moved(rows, [before], [during], alpha)[:1] if _large(one)]
    found.sort(key=lambda pair: -pair[0].size)
    return tuple(f"{edge}: {one.measure} {one.before:.3g} -> {one.during:.3g}" for one, edge in found)


def _before(run: RunData, start: int) -> Window:
    steady = run.windows.get(STEADY, (start - LOOK_BACK_US, start))
    near = max(steady[0], start - LOOK_BACK_US)
    return (near, start) if start - near >= LEAST_US else (steady[0], start)


def _held_by_others(run: RunData, hold: Hold) -> set[str]:
    start, end = hold.window or (0, 0)
    return {
        edge
        for other in run.holds
        if other.window and other.window[0] < end and start < other.window[1]
        for edge in other.injection.edges
    }


def _large(one: Moved) -> bool:
    return not one.measure.endswith("/s") or one.size >= BYTES_FLOOR
