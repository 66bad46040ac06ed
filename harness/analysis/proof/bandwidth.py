"""bandwidth: answers take longer, or fewer bytes pass, than before."""

from __future__ import annotations

import numpy as np

from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.two_sample import ALPHA, larger, rate_moved

FLOOR_S, FLOOR_SHARE, FLOOR_BYTES = 0.005, 0.2, 0.2


def prove(comparison: Comparison) -> EdgeProof:
    """Waits first; bytes per second where first answers come as early as ever but their bodies crawl."""
    base = np.concatenate(comparison.waits(comparison.before))
    waits = np.concatenate(comparison.waits(comparison.during))
    before, during = (comparison.rate("bytes", part) for part in (comparison.before, comparison.during))
    if during.sum() == 0:
        return EdgeProof(comparison.edge, Says.IDLE, "bytes/s", n_before=len(before))
    if len(base) >= MIN_N and len(waits) >= MIN_N:
        normal, slow = float(np.median(base)) / 1e6, float(np.median(waits)) / 1e6
        if slow >= normal + max(FLOOR_S, FLOOR_SHARE * normal) and larger(base, waits) < ALPHA / 2:
            return EdgeProof(comparison.edge, Says.PROVED, "median wait (s)", normal, slow, len(base), len(waits))
    if len(before) < MIN_N or len(during) < MIN_N:
        reason = f"{len(before)} seconds before and {len(during)} during: at least {MIN_N} each are needed"
        return EdgeProof(comparison.edge, Says.THIN, "bytes/s", None, None, len(before), len(during), reason)
    fewer = during.mean() < before.mean() and rate_moved(before, during, FLOOR_BYTES, ALPHA / 2)
    reason = "" if fewer else "neither waits grew nor fewer bytes passed: the limit lies above what this edge carries"
    says = Says.PROVED if fewer else Says.CONTRADICTED
    means = float(before.mean()), float(during.mean())
    return EdgeProof(comparison.edge, says, "bytes/s", *means, len(before), len(during), reason)
