"""slow: waits on the edge grew by what was asked for; a caller that gave up waited at least as long as it did."""

from __future__ import annotations

import numpy as np

from harness.analysis.data.arrays import Ints
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import MIN_N, EdgeProof, Says
from harness.analysis.stats.two_sample import ALPHA, larger, share_moved
from harness.model.fault import Fault

MEDIAN, SLOW_SHARE = "median wait (s)", "share of slow waits"
NO_DELAY = "asked for 0 ms: there is no effect to prove"


def asked_s(fault: Fault) -> float:
    """The delay to look for: of a ramp the mean of its stronger half, as its steps really stood.

    A step holds its first value until the next one, so a rising ramp stays half a step behind the straight line, and
    a falling one half a step above it.
    """
    if fault.ramp_from_s is None or fault.ramp_over_s <= 0:
        return fault.latency_s
    low, high = sorted((fault.ramp_from_s, fault.latency_s))
    behind = 0.5 / max(1, fault.ramp_steps) * (1 if fault.latency_s > fault.ramp_from_s else -1)
    return low + (high - low) * min(1.0, 0.75 - behind)


def prove(comparison: Comparison) -> EdgeProof:
    """The whole edge slow, or a share of its connections."""
    asked = asked_s(comparison.fault)
    if asked <= 0:
        return EdgeProof(comparison.edge, Says.CONTRADICTED, MEDIAN, reason=NO_DELAY)
    base = np.concatenate(comparison.waits(comparison.before))
    answered, left = comparison.waits(comparison.during)
    count = len(answered) + len(left)
    if count == 0:
        return EdgeProof(comparison.edge, Says.IDLE, MEDIAN, n_before=len(base))
    if count < MIN_N or len(base) < MIN_N:
        reason = f"{len(base)} waits before and {count} during: at least {MIN_N} each are needed"
        return EdgeProof(comparison.edge, Says.THIN, MEDIAN, _median(base), None, len(base), count, reason)
    if comparison.fault.share < 1:
        return _share(comparison, base, (answered, left), asked)
    return _whole(comparison, base, (answered, left), asked)


def _whole(comparison: Comparison, base: Ints, during: tuple[Ints, Ints], asked: float) -> EdgeProof:
    fault, normal = comparison.fault, float(np.median(base))
    tolerance = 3 * fault.jitter_s + 0.1 * asked + 0.005 + _spread_s(fault)
    needed = normal + 1e6 * max(0.5 * asked, asked - tolerance)
    both = np.concatenate(during)
    moved = _typical(during, normal, needed) and larger(base, both) < ALPHA
    reason = "" if moved else f"waits did not grow by {asked:.3g} s"
    if moved and not _ramped(fault):
        late = comparison.waits(comparison.last_third)
        if sum(map(len, late)) >= MIN_N and not _typical(late, normal, normal + 5e5 * asked):
            moved, reason = False, "waits grew at first, but not in the last third of the hold"
    says = Says.PROVED if moved else Says.CONTRADICTED
    return EdgeProof(comparison.edge, says, MEDIAN, normal / 1e6, _median(both), len(base), len(both), reason)


def _typical(during: tuple[Ints, Ints], normal: float, needed: float) -> bool:
    """At least half of the waits reach `needed`; a caller that left counts if it waited clearly beyond normal."""
    answered, left = during
    slow = int((answered >= needed).sum()) + int((left >= np.minimum(needed, 2 * normal + 5000)).sum())
    return 2 * slow >= len(answered) + len(left)


def _share(comparison: Comparison, base: Ints, during: tuple[Ints, Ints], asked: float) -> EdgeProof:
    normal, share = float(np.median(base)), comparison.fault.share
    needed = normal + 5e5 * asked
    answered, left = during
    slow = int((answered >= needed).sum()) + int((left >= np.minimum(needed, 2 * normal + 5000)).sum())
    before, total = int((base >= needed).sum()), len(answered) + len(left)
    moved = slow > before / len(base) * total and share_moved((before, len(base)), (slow, total), 0.4 * share)
    enough = total * share >= MIN_N
    says = Says.PROVED if moved else Says.CONTRADICTED if enough else Says.THIN
    reason = "" if moved else f"the share of waits over {needed / 1e6:.3g} s did not grow by {share:.0%}"
    return EdgeProof(comparison.edge, says, SLOW_SHARE, before / len(base), slow / total, len(base), total, reason)


def _spread_s(fault: Fault) -> float:
    """How far the delays of a ramp's stronger half lie from their mean: a quarter of the whole climb."""
    return abs(fault.latency_s - (fault.ramp_from_s or 0.0)) / 4 if _ramped(fault) else 0.0


def _ramped(fault: Fault) -> bool:
    return fault.ramp_from_s is not None and fault.ramp_over_s > 0


def _median(values: Ints) -> float | None:
    return float(np.median(values)) / 1e6 if len(values) else None
