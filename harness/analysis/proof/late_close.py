"""slow_close: the end of connections came late by what was asked for."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.data.run import Window
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says

MEASURE = "mean time to the callee's end of a connection (s)"


def prove(comparison: Comparison) -> EdgeProof:
    """At least half of the delay, on the mean over enough ends before and during."""
    (was, n_before), (now, n) = (_mean(comparison, part) for part in (comparison.before, comparison.during))
    asked = comparison.fault.number("delay") * comparison.fault.share
    if n == 0:
        live = comparison.count("requests", comparison.asked)
        reason = "connections are kept open, and only their end is late" if live else ""
        return EdgeProof(comparison.edge, Says.IDLE, MEASURE, was, None, n_before, 0, reason)
    if min(n, n_before) < MIN_N:
        reason = f"{n_before} connections ended before and {n} during: at least {MIN_N} each are needed"
        return EdgeProof(comparison.edge, Says.THIN, MEASURE, was, now, n_before, n, reason)
    late = now - was >= 0.5 * asked
    reason = "" if late else f"ends came {now - was:.3g} s later, asked for {asked:.3g} s"
    says = Says.PROVED if late else Says.CONTRADICTED
    return EdgeProof(comparison.edge, says, MEASURE, was, now, n_before, n, reason)


def _mean(comparison: Comparison, windows: Sequence[Window]) -> tuple[float, int]:
    n = comparison.count("closes", windows)
    return comparison.count("close_us", windows) / 1e6 / max(n, 1), n
