"""slicer: packets of answers are no longer than a piece."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.data.run import Window
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says

MEASURE = "bytes a packet of answers"
SHORTER, ROOM = 0.8, 1.5
"""Packets count as cut if their mean fell by a fifth, to one and a half pieces at most: some travel together."""


def prove(comparison: Comparison) -> EdgeProof:
    """Mean length of packets with answers, before against during."""
    (was, n_before), (now, n) = (_mean(comparison, part) for part in (comparison.before, comparison.during))
    size = comparison.fault.number("size") + comparison.fault.number("vary")
    numbers = (was, now, n_before, n)
    if n == 0:
        return EdgeProof(comparison.edge, Says.IDLE, MEASURE, was, None, n_before, 0)
    if min(n, n_before) < MIN_N:
        reason = f"{n_before} packets before and {n} during: at least {MIN_N} each are needed"
        return EdgeProof(comparison.edge, Says.THIN, MEASURE, *numbers, reason)
    share = comparison.fault.share
    if was <= size / SHORTER:
        return EdgeProof(comparison.edge, Says.THIN, MEASURE, *numbers, "answers are hardly longer than a piece")
    cut = now <= SHORTER * was if share < 1 else now <= min(SHORTER * was, ROOM * size)
    reason = "" if cut else f"packets of {now:.0f} bytes, asked for pieces of {size:.0f}"
    return EdgeProof(comparison.edge, Says.PROVED if cut else Says.CONTRADICTED, MEASURE, *numbers, reason)


def _mean(comparison: Comparison, windows: Sequence[Window]) -> tuple[float, int]:
    n = comparison.count("segments", windows)
    return comparison.count("answer_bytes", windows) / max(n, 1), n
