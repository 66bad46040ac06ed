"""Where exactly the course turned: the most likely split between two rates of bad arrivals, with its resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import Bools, Ints

LIKELY = 1.92
"""Half the 95 % quantile of χ² with one degree of freedom: splits this close to the best cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A moment on the run's clock and how well it is known, ± microseconds."""

    at_us: int
    resolution_us: int


def turn(due: Ints, outside: Bools, old: float, new: float) -> tuple[float, float, float] | None:
    """Best split and the range of splits that the data allow, on the clock of `due`.

    `old` and `new` are the chances of an outside arrival before and after. None without arrivals.
    """
    if len(due) == 0:
        return None
    old, new = (min(max(chance, 1e-3), 1 - 1e-3) for chance in (old, new))
    gain = np.where(outside, math.log(old / new), math.log((1 - old) / (1 - new)))
    score = np.concatenate(([0.0], np.cumsum(gain)))
    likely = np.flatnonzero(score >= score.max() - LIKELY)
    moments = np.concatenate(([due[0]], due, [due[-1]])).astype(np.float64)
    best = int(np.argmax(score))
    return (moments[best] + moments[best + 1]) / 2, moments[likely[0]], moments[likely[-1] + 1]


def located(rows: tuple[Ints, Bools], bounds: tuple[int, int], chances: tuple[float, float], floor_us: int) -> Turn:
    """The turn between two moments; the middle, known to half the distance, where there is nothing to go by."""
    due, outside = rows
    first, last = np.searchsorted(due, bounds)
    found = turn(due[first:last], outside[first:last], *chances)
    if found is None:
        return Turn((bounds[0] + bounds[1]) // 2, max(floor_us, (bounds[1] - bounds[0]) // 2))
    at, low, high = found
    return Turn(round(at), max(floor_us, round(at - low), round(high - at)))
