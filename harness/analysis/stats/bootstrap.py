"""Moving-block bootstrap over one-second windows: requests of one second share their fate, so seconds are drawn."""

from __future__ import annotations

import numpy as np

from harness.analysis.data.arrays import Floats, Ints
from harness.analysis.stats.interval import ALPHA, Interval

BLOCK_S = 5
"""Length of a block, seconds: longer than the usual deadline, so that one stall stays in one block."""
MIN_BLOCKS = 20
DRAWS = 2000


def quotient(top: Ints | Floats, bottom: Ints | Floats, seed: int) -> Interval | None:
    """Interval of Σtop / Σbottom over seconds; None with fewer than 20 blocks, where it would be too narrow."""
    seconds = len(top)
    blocks = seconds // BLOCK_S
    if blocks < MIN_BLOCKS:
        return None
    starts = np.random.default_rng(seed).integers(0, seconds - BLOCK_S + 1, size=(DRAWS, blocks))
    tops, bottoms = _block_sums(top)[starts].sum(axis=1), _block_sums(bottom)[starts].sum(axis=1)
    drawn = tops[bottoms > 0] / bottoms[bottoms > 0]
    if len(drawn) == 0:
        return None
    low, high = np.quantile(drawn, (ALPHA, 1 - ALPHA))
    return Interval(float(low), float(high))


def _block_sums(values: Ints | Floats) -> Floats:
    running = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    sums: Floats = running[BLOCK_S:] - running[:-BLOCK_S]
    return sums
