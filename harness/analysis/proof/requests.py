"""errors, abort, delay, truncate: a share of the guest's own requests was struck as the fault says.

Of a fault that chooses among requests (method, path, header) nobody knows how many it should strike: it is proved when
clearly more were struck than before, and never contradicted by too few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.analysis.data.run import Window
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.interval import clopper_pearson
from harness.analysis.stats.two_sample import ALPHA, share_moved
from harness.faults.per_request import chooses

Counts = tuple[int, int]
"""Struck, and all."""

AT_LEAST = 0.5
"""This part of the rate that was asked for must be seen."""

SOME = 0.001
"""The smallest growth that a fault which chooses must show."""


def status(comparison: Comparison) -> EdgeProof:
    """Answers with a status of the class asked for, as read from the wire."""
    server = comparison.fault.number("status") >= 500
    name, words = ("errors", "5xx") if server else ("rejects", "4xx")

    def counts(windows: Sequence[Window]) -> Counts:
        return comparison.count(name, windows), comparison.count("responses", windows)

    measure = f"share of answers that are {words}"
    return _share(comparison, measure, counts(comparison.before), counts(comparison.during))


def aborted(comparison: Comparison) -> EdgeProof:
    """Requests without an answer whose caller did not give up."""

    def counts(windows: Sequence[Window]) -> Counts:
        requests, answers, left = (comparison.count(name, windows) for name in ("requests", "responses", "gave_up"))
        return max(0, requests - answers - left), requests

    return _share(comparison, "share of requests broken off", counts(comparison.before), counts(comparison.during))


def cut_short(comparison: Comparison) -> EdgeProof:
    """Answers that ended before their length, as HAProxy counted them, or that never began, as the wire shows."""

    def counts(windows: Sequence[Window]) -> Counts:
        requests, answers, left = (comparison.count(name, windows) for name in ("requests", "responses", "gave_up"))
        return min(comparison.count("cut_short", windows), answers) + max(0, requests - answers - left), requests

    return _share(comparison, "share of answers cut short", counts(comparison.before), counts(comparison.during))


def late(comparison: Comparison) -> EdgeProof:
    """Requests that waited at least half of the delay longer than usual; a caller that left first waited as long."""
    base = np.concatenate(comparison.waits(comparison.before))
    answered, left = comparison.waits(comparison.during)
    normal = float(np.median(base)) if len(base) else 0.0
    needed = normal + 5e5 * comparison.fault.number("latency")
    struck = int((answered >= needed).sum()) + int((left >= np.minimum(needed, 2 * normal + 5000)).sum())
    before = int((base >= needed).sum()), len(base)
    return _share(comparison, f"share of waits over {needed / 1e6:.3g} s", before, (struck, len(answered) + len(left)))


def _share(comparison: Comparison, measure: str, before: Counts, during: Counts) -> EdgeProof:
    was = before[0] / before[1] if before[1] else None
    now = during[0] / during[1] if during[1] else None
    says, reason = _says(comparison, before, during)
    return EdgeProof(comparison.edge, says, measure, was, now, before[1], during[1], reason)


def _says(comparison: Comparison, before: Counts, during: Counts) -> tuple[Says, str]:
    if during[1] == 0:
        return Says.IDLE, ""
    if before[1] < MIN_N or during[1] < MIN_N:
        return Says.THIN, f"{before[1]} requests before and {during[1]} during: at least {MIN_N} each are needed"
    rate, was = comparison.fault.number("rate", 1.0), before[0] / before[1]
    wanted = AT_LEAST * rate * (1 - was)
    if chooses(comparison.fault):
        if share_moved(before, during, SOME) and during[0] / during[1] > was:
            return Says.PROVED, "of those that were not chosen nothing is expected"
        return Says.THIN, f"{during[0]} of {during[1]} requests were struck; did any match what was chosen?"
    if share_moved(before, during, wanted) and during[0] / during[1] > was:
        return Says.PROVED, ""
    text = f"{during[0]} of {during[1]} requests were struck, {was:.0%} before; {rate:.3g} of them was asked for"
    enough = clopper_pearson(*during, alpha=ALPHA).high < was + rate * (1 - was)
    return (Says.CONTRADICTED if enough else Says.THIN), text
