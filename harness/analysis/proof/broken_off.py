"""limit_data: connections end early, or answers are as short as the limit."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.data.run import Window
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.two_sample import ALPHA, share_moved

ENDS, LENGTH = "answers after which the callee's side ended the connection", "bytes an answer"
FLOOR = 0.05


def prove(comparison: Comparison) -> EdgeProof:
    """More ends for each answer than before; where each ended its connection anyway, answers cut down to the limit."""
    before, during = (_ends(comparison, part) for part in (comparison.before, comparison.during))
    tries = comparison.count("requests", comparison.asked)
    if during[1] == 0:
        return EdgeProof(comparison.edge, Says.THIN if tries else Says.IDLE, ENDS, n_before=before[1], n_during=tries)
    numbers = before[0] / max(before[1], 1), during[0] / during[1], before[1], during[1]
    if min(before[1], during[1]) < MIN_N:
        reason = f"{before[1]} answers before and {during[1]} during: at least {MIN_N} each are needed"
        return EdgeProof(comparison.edge, Says.THIN, ENDS, *numbers, reason)
    if numbers[1] > numbers[0] and share_moved(before, during, FLOOR, ALPHA / 2):
        return EdgeProof(comparison.edge, Says.PROVED, ENDS, *numbers)
    return _shorter(comparison, before[1], during[1])


def _shorter(comparison: Comparison, n_before: int, n: int) -> EdgeProof:
    """Answers were as long as they liked, and are at most as long as the limit now."""
    limit, share = comparison.fault.number("bytes"), comparison.fault.share
    was, now = (_length(comparison, part) for part in (comparison.before, comparison.during))
    if was <= limit:
        reason = (
            f"answers of {was:.0f} bytes fit into the limit of {limit:.0f}, and no more connections ended than before"
        )
        return EdgeProof(comparison.edge, Says.THIN, LENGTH, was, now, n_before, n, reason)
    cut = now < 0.9 * was if share < 1 else now <= max(1.1 * limit, 1)
    reason = "" if cut else f"answers of {now:.0f} bytes passed, asked for at most {limit:.0f}"
    return EdgeProof(comparison.edge, Says.PROVED if cut else Says.CONTRADICTED, LENGTH, was, now, n_before, n, reason)


def _ends(comparison: Comparison, windows: Sequence[Window]) -> tuple[int, int]:
    """Ends by the callee's side, and answers or requests, whichever is more."""
    tries = max(comparison.count(name, windows) for name in ("responses", "requests"))
    return min(comparison.count("ends", windows) + comparison.count("resets", windows), tries), tries


def _length(comparison: Comparison, windows: Sequence[Window]) -> float:
    return comparison.count("answer_bytes", windows) / max(comparison.count("responses", windows), 1)
