"""Faults of names: look-ups by the caller that got no address, another one, or theirs late; read from their packets."""

from __future__ import annotations

import numpy as np

from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.interval import clopper_pearson

NATURAL, RELATIVE = 0.02, 0.1
"""A share that cannot be told from this one is none; and how far it may lie from what was asked for."""
NEARLY = 0.8
"""A look-up that waited this part of what was asked for was late: it began when the packet passed us."""


def misled(comparison: Comparison) -> EdgeProof:
    """The share of look-ups that did not get the callee's address."""
    measure = "share of look-ups misled"
    n_before, n = (comparison.count("lookup_answers", part) for part in (comparison.before, comparison.during))
    k_before, k = (comparison.count("lookup_errors", part) for part in (comparison.before, comparison.during))
    return _share(comparison, measure, (k_before, n_before), (k, n))


def late(comparison: Comparison) -> EdgeProof:
    """The share of look-ups that waited as long as was asked for."""
    measure = "share of look-ups answered late"
    asked_us = NEARLY * comparison.fault.number("delay") * 1e6
    waits = [comparison.rows.looked_up(comparison.rows.within(w)) for w in (comparison.before, comparison.during)]
    (k_before, n_before), (k, n) = ((int(np.count_nonzero(one >= asked_us)), len(one)) for one in waits)
    return _share(comparison, measure, (k_before, n_before), (k, n))


def _share(comparison: Comparison, measure: str, before: tuple[int, int], during: tuple[int, int]) -> EdgeProof:
    (k_before, n_before), (k, n) = before, during
    was = k_before / n_before if n_before else 0.0
    if n == 0:
        asked = comparison.count("lookups", comparison.asked)
        live = comparison.count("requests", comparison.asked)
        why = f"{asked} look-ups, none answered yet" if asked else "its caller never asked for the name while it held"
        says = Says.THIN if asked else Says.IDLE
        return EdgeProof(comparison.edge, says, measure, was, None, n_before, 0, why if asked or live else "")
    interval, share = clopper_pearson(min(k, n), n, alpha=0.005), comparison.fault.share
    reason = ""
    if interval.low <= max(was, NATURAL):
        reason = f"{k} of {n} look-ups, no more than before: {was:.0%}"
    elif interval.high < share * (1 - RELATIVE) - NATURAL:
        reason = f"at most {interval.high:.0%} of look-ups, asked for {share:.0%}"
    says = Says.PROVED if not reason else Says.THIN if n < MIN_N or n * share < MIN_N else Says.CONTRADICTED
    return EdgeProof(comparison.edge, says, measure, was, k / n, n_before, n, reason)
