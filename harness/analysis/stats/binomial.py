"""How many of n happen, each with the same chance. By scipy.special: scipy.stats takes half a second to load."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, bdtrik

from harness.analysis.data.arrays import Ints


def quantile(probability: float, count: int | Ints, chance: float) -> Ints:
    """The smallest k with P(X <= k) >= `probability`, for each count above 0; `chance` lies in 0..1."""
    counts = np.asarray(count)
    if chance <= 0 or chance >= 1:
        return np.where(chance >= 1, counts, 0).astype(np.int64)
    above = np.clip(np.ceil(bdtrik(probability, counts, chance)), 0, counts)
    below = np.maximum(above - 1, 0)
    found: Ints = np.where(bdtr(below, counts, chance) >= probability, below, above).astype(np.int64)
    return found
