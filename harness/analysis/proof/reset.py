"""reset: answered connections were reset by the callee's side."""

from __future__ import annotations

from harness.analysis.data.spans import length_s
from harness.analysis.proof.comparison import EARLY_US, Comparison
from harness.analysis.proof.edge_proof import EdgeProof, Says

MEASURE = "resets of live connections/s"
FACTOR = 3
"""So many times as many as before would bring."""


def prove(comparison: Comparison) -> EdgeProof:
    """Resets are looked for from a moment before the hold was written down: that is when the first ones go out."""
    windows = [(start - EARLY_US, end) for start, end in comparison.asked]
    k = comparison.rows.total("resets", comparison.rows.overlapping(windows))
    k_before = comparison.count("resets", comparison.before)
    rate, seconds = k_before / max(length_s(comparison.before), 1.0), max(length_s(comparison.asked), 1.0)
    numbers = rate, k / seconds, k_before, k
    live = sum(comparison.count(name, comparison.before) for name in ("responses", "connects"))
    if k > FACTOR * rate * seconds:
        return EdgeProof(comparison.edge, Says.PROVED, MEASURE, *numbers, f"{k} connections reset")
    if not live:
        return EdgeProof(comparison.edge, Says.IDLE, MEASURE, *numbers)
    reason = "no live connection was reset: was one open when it began?" if not k else "no more resets than before"
    return EdgeProof(comparison.edge, Says.THIN if not k else Says.CONTRADICTED, MEASURE, *numbers, reason)
