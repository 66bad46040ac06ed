"""Why a flow left its band: faulted edges below its entry that moved, in order of onset, with what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Bools, Floats
from harness.analysis.data.edges import EdgeRows
from harness.analysis.data.events import Hold
from harness.analysis.data.reach import edges_below
from harness.analysis.data.run import RunData, Window
from harness.analysis.proof.movement import SHARES, Moved, moved
from harness.analysis.stats.two_sample import ALPHA
from harness.model.finding import PathStep
from harness.model.plan import STEADY

NEAR_US = 5_000_000
"""An edge whose fault ended this long before the flow left its band is not why it left."""


def path_of(run: RunData, flow: str, away: Window) -> tuple[PathStep, ...]:
    """Steps of one flow that was outside its band during `away`."""
    below = dict.fromkeys(edges_below(run.plan, flow))
    steady = run.windows.get(STEADY)
    if steady is None:
        return ()
    steps = []
    for edge in below:
        step = _step(run, edge, steady, [hold for hold in run.holds if edge in hold.injection.edges], away)
        if step is not None:
            steps.append(step)
    return tuple(sorted(steps, key=lambda step: step.onset_s))


def _step(run: RunData, edge: str, steady: Window, holds: Sequence[Hold], away: Window) -> PathStep | None:
    rows = run.edge(edge)
    for hold in sorted(holds, key=lambda hold: hold.start_us or 0):
        window = hold.window
        if window is None or window[0] >= away[1] or window[1] + NEAR_US <= away[0]:
            continue
        found = moved(rows, [steady], [window], ALPHA)
        if found:
            best = found[0]
            onset = run.wall_s(onset_us(rows, best, window))
            return PathStep(edge, onset, best.measure, best.before, best.during, hold.injection.id)
    return None


def onset_us(rows: EdgeRows, what: Moved, window: Window) -> int:
    """First second of the hold in which the measure is nearer to its new value than to its old one."""
    for start, value in _by_second(rows, what.measure, window):
        if abs(value - what.during) <= abs(value - what.before):
            return max(start, window[0])
    return window[0]


def _by_second(rows: EdgeRows, measure: str, window: Window) -> list[tuple[int, float]]:
    mask = (rows.t + SECOND_US > window[0]) & (rows.t < window[1])
    values, known = _values(rows, measure)
    return [(int(t), float(v)) for t, v in zip(rows.t[mask & known], values[mask & known], strict=True)]


def _values(rows: EdgeRows, measure: str) -> tuple[Floats, Bools]:
    share = next((item for item in SHARES if item[0] == measure), None)
    if share is not None:
        whole = rows.counts[share[2]]
        return rows.counts[share[1]] / np.maximum(whole, 1), whole > 0
    if measure.endswith("/s"):
        name = {"answers/s": "responses", "requests/s": "requests"}.get(measure)
        values = rows.counts[name] if name else rows.bytes_both
        return values.astype(np.float64), np.ones(len(rows.t), np.bool_)
    owner = np.concatenate((rows.waits_row, rows.gave_up_row))
    waits = np.concatenate((rows.waits, rows.gave_up_waits))
    order = np.lexsort((waits, owner))
    seen, first, counts = np.unique(owner[order], return_index=True, return_counts=True)
    medians = np.full(len(rows.t), np.nan)
    medians[seen] = waits[order][first + (counts - 1) // 2] / 1e6
    return medians, ~np.isnan(medians)
