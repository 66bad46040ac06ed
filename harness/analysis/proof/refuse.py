"""refuse: new connections are answered with a reset."""

from __future__ import annotations

from harness.analysis.proof import hang, new_connections
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says

MEASURE = "share of new connections refused"
NEARLY_ALL = 0.9


def prove(comparison: Comparison) -> EdgeProof:
    """All of them, or the share that was asked for."""
    if comparison.fault.share < 1:
        return new_connections.prove(comparison, "refused")
    if hang.no_turns(comparison):
        return hang.by_bytes(comparison)
    n_before, n = (comparison.count("connects", part) for part in (comparison.before, comparison.during))
    k_before, k = (comparison.count("refused", part) for part in (comparison.before, comparison.during))
    was = k_before / n_before if n_before else 0.0
    says, reason = _says(comparison, n, k, was)
    return EdgeProof(comparison.edge, says, MEASURE, was, k / n if n else None, n_before, n, reason)


def _says(comparison: Comparison, n: int, k: int, was: float) -> tuple[Says, str]:
    answers = comparison.count("responses", comparison.during)
    if n == 0 and answers == 0:
        return Says.IDLE, ""
    if (n and k / n < NEARLY_ALL) or answers > max(2, n):
        says = Says.CONTRADICTED if max(n, answers) >= MIN_N else Says.THIN
        return says, f"{n - k} of {n} new connections got through, {answers} answers"
    if was >= NEARLY_ALL:
        return Says.THIN, "refused before as well"
    if k < 3:
        return Says.THIN, f"{n} new connections: too few to tell"
    return Says.PROVED, ""
