"""Recovery of one flow: did it leave its band, when, and when was it back for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import Bools
from harness.analysis.data.flows import FlowRows
from harness.analysis.data.run import RunData
from harness.analysis.recovery.band import Band, band_of, outside_rows
from harness.analysis.recovery.course import Excursion, course_of, excursions
from harness.analysis.recovery.turn import Turn, located
from harness.model.plan import STEADY

CONFIRM = 3
"""Windows in the band that must follow the last one outside it, else the run ended too early to tell."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """The answer for one flow over one stretch of time. `back` is None while it is not known to be back for good.

    `seen_us` is how long after the last excursion it was still watched.
    """

    band: Band | None
    left: Turn | None = None
    back: Turn | None = None
    last_outside_us: int = 0
    seen_us: int = 0
    excursions: tuple[Excursion, ...] = ()
    confirmed: bool = True
    """It was watched for as many windows as the answer takes."""
    reason: str = ""

    @property
    def unsure_us(self) -> int:
        """For how long it was in its band at the end, where that is at least a window and too short to call it back."""
        fine = self.band is not None and self.back is None and self.excursions and self.seen_us >= self.band.window_us
        return self.seen_us if fine else 0


def recovery(run: RunData, flow: str, begin_us: int, end_us: int, confirm: int | None = CONFIRM) -> Recovery:
    """Watch `flow` from `begin_us` to `end_us` against the band of its baseline.

    `confirm` windows in the band must follow the last one outside it; None: as many as the band itself asks for.
    """
    rows, steady = run.flow(flow), run.windows.get(STEADY)
    band = band_of(rows, steady) if steady else None
    if band is None:
        return Recovery(None, reason="no usable baseline: fewer than 10 requests, or hardly any of them good")
    confirm = band.consecutive if confirm is None else confirm
    course = course_of(rows, band, begin_us, end_us)
    if len(course.starts) == 0:
        return Recovery(band, reason=f"watched for less than one window of {band.window_us / 1e6:g} s")
    found = excursions(course, band)
    if not found:
        return Recovery(band, seen_us=end_us - begin_us, confirmed=end_us - begin_us >= confirm * band.window_us)
    outside = outside_rows(rows, band)
    last = found[-1].last_us
    seen = end_us - (last + band.step_us)
    back = _back(rows, outside, band, last, end_us) if seen >= confirm * band.window_us else None
    return Recovery(band, _left(rows, outside, band, found[0], begin_us), back, last, max(0, seen), tuple(found))


def _back(rows: FlowRows, outside: Bools, band: Band, last_us: int, end_us: int) -> Turn:
    window = band.window_us
    before = _share(rows, outside, (last_us - window, last_us), 1.0)
    after = _share(rows, outside, (last_us + window, min(end_us, last_us + 3 * window)), 0.0)
    bounds = (last_us - window // 2, last_us + 2 * window)
    return located((rows.due, outside), bounds, (max(before, after + 0.05), after), _floor(band))


def _left(rows: FlowRows, outside: Bools, band: Band, first: Excursion, begin_us: int) -> Turn:
    window = band.window_us
    before = _share(rows, outside, (begin_us - 2 * window, begin_us), 0.0)
    after = _share(rows, outside, (first.first_us + window, first.first_us + 2 * window), 1.0)
    bounds = (first.first_us - window // 2, first.first_us + 2 * window)
    return located((rows.due, outside), bounds, (before, max(after, before + 0.05)), _floor(band))


def _share(rows: FlowRows, outside: Bools, window: tuple[int, int], default: float) -> float:
    first, last = np.searchsorted(rows.due, window)
    count = int(last - first)
    return (float(outside[first:last].sum()) + default) / (count + 1)


def _floor(band: Band) -> int:
    """No turn is known better than a quarter of a window or two arrivals."""
    return max(band.window_us // 4, round(2e6 / band.rate_per_s))
