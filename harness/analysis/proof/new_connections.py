"""A share of new connections cut: as many are left unanswered, or refused, as were asked for."""

from __future__ import annotations

from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.interval import clopper_pearson
from harness.faults.catalogue import type_of

NATURAL = 0.02
"""A cut that cannot be told from this share of ordinary failures is not proved."""
RELATIVE = 0.1


def prove(comparison: Comparison, column: str) -> EdgeProof:
    """`column` is `unanswered` or `refused`. 99 % interval of the share, against what all cuts together ask for."""
    measure = f"share of new connections {column}"
    n_before, n = (comparison.count("connects", part) for part in (comparison.before, comparison.asked))
    k_before, k = (comparison.count(column, part) for part in (comparison.before, comparison.asked))
    was = k_before / n_before if n_before else 0.0
    if n == 0:
        live = comparison.count("requests", comparison.asked)
        reason = "no new connection crossed it, and a share acts on new connections only" if live else ""
        return EdgeProof(comparison.edge, Says.IDLE, measure, was, None, n_before, 0, reason)
    interval, asked = clopper_pearson(min(k, n), n, alpha=0.005), together(comparison)
    reason = _mismatch(interval.low, interval.high, asked, was)
    says = Says.PROVED if not reason else Says.CONTRADICTED
    if reason and (n < MIN_N or n * asked < MIN_N):
        says, reason = Says.THIN, f"{n} new connections are too few to show a share of {asked:.0%}"
    return EdgeProof(comparison.edge, says, measure, was, k / n, n_before, n, reason)


def together(comparison: Comparison) -> float:
    """The share that this cut and others of its kind on the edge take together: 1 − Π(1 − s).

    Not those that cut all of it: their seconds are not counted (`Comparison.asked`).
    """
    family = type_of(comparison.fault).proved_by
    passing = 1 - comparison.fault.share
    for other in comparison.others:
        if other.share < 1 and type_of(other).proved_by is family:
            passing *= 1 - other.share
    return 1 - passing


def _mismatch(low: float, high: float, asked: float, was: float) -> str:
    if low <= max(was, NATURAL):
        return f"no more than before: {was:.0%}, asked for {asked:.0%}"
    if high < asked * (1 - RELATIVE) - NATURAL:
        return f"at most {high:.0%}, asked for {asked:.0%}"
    if low > asked * (1 + RELATIVE) + NATURAL:
        return f"at least {low:.0%}, asked for {asked:.0%}: something else cuts as well"
    return ""
