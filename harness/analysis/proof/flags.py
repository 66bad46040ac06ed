"""flags: the service that was told to misbehave shows it on an edge into it or out of it."""

from __future__ import annotations

from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import EdgeProof, Says
from harness.analysis.proof.movement import CERTAIN, moved
from harness.analysis.stats.two_sample import ALPHA

MEASURES = 9
"""How many measures are looked at: the chance of error is divided among them and the edges."""


def prove(comparison: Comparison, edges: int) -> EdgeProof:
    """Anything that moved; beside another fault on the same edge only what that fault cannot move: shares."""
    rows, windows = comparison.rows, (comparison.before, comparison.during)
    tries = sum(comparison.count(name, comparison.asked) for name in ("requests", "connects", "up_bytes"))
    found = moved(rows, *windows, alpha=ALPHA / (MEASURES * max(edges, 1)))
    if not comparison.matched:
        found = [one for one in found if one.measure in CERTAIN]
    if found:
        best = found[0]
        numbers = (best.before, best.during, best.n_before, best.n_during)
        return EdgeProof(comparison.edge, Says.PROVED, best.measure, *numbers)
    return EdgeProof(comparison.edge, Says.THIN if tries else Says.IDLE, "", n_during=tries)
