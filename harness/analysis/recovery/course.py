"""The way of one flow through time: sliding windows in and out of its band, and excursions that count."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import Bools, Floats, Ints
from harness.analysis.data.flows import FlowRows
from harness.analysis.recovery.band import SHALLOW, Band, most_bad, outside_rows, tail_of


@dataclass(frozen=True, slots=True)
class Excursion:
    """The starts of the first and the last window outside the band, and the smallest good share among them."""

    first_us: int
    last_us: int
    worst_good: float


@dataclass(frozen=True, slots=True)
class Course:
    """Sliding windows over [begin, end): `inside` by window start."""

    starts: Ints
    inside: Bools
    good: Floats


def course_of(rows: FlowRows, band: Band, begin_us: int, end_us: int) -> Course:
    """Every window of the band's length that fits between `begin_us` and `end_us`."""
    last = end_us - band.window_us
    starts = np.arange(begin_us, last + 1, band.step_us, dtype=np.int64) if last >= begin_us else np.zeros(0, np.int64)
    first, stop = np.searchsorted(rows.due, starts), np.searchsorted(rows.due, starts + band.window_us)
    counts = stop - first
    bad = _between(~rows.ok, first, stop)
    slow = _between(outside_rows(rows, band), first, stop)
    inside = bad <= most_bad(counts, 1 - band.least_good, band.chance_bad)
    tail = np.where(counts >= 60, 1 - tail_of(60), 1 - tail_of(0))
    slow_allowed = np.maximum(np.floor(counts * tail + 1e-9).astype(np.int64), most_bad(counts, 0.0, band.chance_slow))
    # what fails also counts as slow, so a slow tail is asked for beyond what the good share already allows
    inside &= slow <= slow_allowed + np.minimum(bad, most_bad(counts, 1 - band.least_good, band.chance_bad))
    good = 1 - bad / np.maximum(counts, 1)
    return Course(starts, _carried(inside, counts), good.astype(np.float64))


def excursions(course: Course, band: Band) -> list[Excursion]:
    """Runs of windows outside the band, noise left out: shallow ones that are over within one window's length.

    A shallow one that follows the last excursion within a window belongs to it: failures of a share of requests come
    in bursts, and the last of them is not noise.
    """
    found: list[Excursion] = []
    padded = np.concatenate(([True], course.inside, [True]))
    turns = np.flatnonzero(padded[1:] != padded[:-1])
    for first, stop in zip(turns[::2], turns[1::2], strict=True):
        worst = float(course.good[first:stop].min())
        length = int(course.starts[stop - 1] - course.starts[first])
        apart = int(course.starts[first]) - found[-1].last_us if found else None
        alone = apart is None or apart > band.window_us
        if alone and length <= band.window_us and worst >= SHALLOW * band.good:
            continue
        found.append(Excursion(int(course.starts[first]), int(course.starts[stop - 1]), worst))
    return found


def _between(mask: Bools, first: Ints, stop: Ints) -> Ints:
    running = np.concatenate(([0], np.cumsum(mask)))
    counts: Ints = running[stop] - running[first]
    return counts


def _carried(inside: Bools, counts: Ints) -> Bools:
    """A window with hardly an arrival says nothing: it goes on as the one before it."""
    known = np.where(counts >= 3, np.arange(len(counts)), -1)
    last = np.maximum.accumulate(known) if len(known) else known
    carried: Bools = np.where(last >= 0, inside[np.maximum(last, 0)], True)
    return carried
