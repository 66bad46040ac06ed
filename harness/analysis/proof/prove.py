"""One injection: every edge's evidence, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.analysis.data.disturbance import Disturbance
from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData
from harness.analysis.proof import (
    bandwidth,
    broken_off,
    brownout,
    flags,
    hang,
    late_close,
    names,
    refuse,
    requests,
    reset,
    sliced,
    slow,
)
from harness.analysis.proof.comparison import Comparison, compare
from harness.analysis.proof.edge_proof import EdgeProof, Says
from harness.faults.catalogue import type_of
from harness.faults.contract import Proof
from harness.model.finding import Evidence

PROVERS: dict[Proof, Callable[[Comparison, int], EdgeProof]] = {
    Proof.SLOW: lambda comparison, _: slow.prove(comparison),
    Proof.FEWER_BYTES: lambda comparison, _: bandwidth.prove(comparison),
    Proof.BROWNOUT: lambda comparison, _: brownout.prove(comparison),
    Proof.SILENCE: lambda comparison, _: hang.prove(comparison),
    Proof.REFUSED: lambda comparison, _: refuse.prove(comparison),
    Proof.LATE_CLOSE: lambda comparison, _: late_close.prove(comparison),
    Proof.SLICED: lambda comparison, _: sliced.prove(comparison),
    Proof.BROKEN_OFF: lambda comparison, _: broken_off.prove(comparison),
    Proof.RESET: lambda comparison, _: reset.prove(comparison),
    Proof.MOVED: flags.prove,
    Proof.STATUS: lambda comparison, _: requests.status(comparison),
    Proof.ABORTED: lambda comparison, _: requests.aborted(comparison),
    Proof.LATE: lambda comparison, _: requests.late(comparison),
    Proof.CUT_SHORT: lambda comparison, _: requests.cut_short(comparison),
    Proof.MISLED: lambda comparison, _: names.misled(comparison),
    Proof.LATE_NAME: lambda comparison, _: names.late(comparison),
}
"""Each gets one edge's comparison, and on how many edges the fault is looked for."""
NAMED = 5


def prove(run: RunData, hold: Hold, disturbed: Sequence[Disturbance]) -> Evidence:
    """Proved if at least one edge with traffic shows the effect and none with enough traffic contradicts it."""
    injection = hold.injection
    if hold.window is None:
        return Evidence(False, reason="it never held")
    if type_of(injection.fault).proved_by is Proof.SLOW and slow.asked_s(injection.fault) <= 0:
        return Evidence(False, reason=slow.NO_DELAY)
    proofs = [_edge(run, hold, edge, disturbed) for edge in injection.edges]
    return _together([proof for proof in proofs if proof is not None])


def _edge(run: RunData, hold: Hold, edge: str, disturbed: Sequence[Disturbance]) -> EdgeProof | None:
    comparison = compare(run, hold, edge, disturbed)
    if comparison is None:
        return None
    if comparison.masked:
        return EdgeProof(edge, Says.MASKED, "", reason=f"masked: {comparison.masked} cut this edge at the same time")
    proof = PROVERS[type_of(hold.injection.fault).proved_by](comparison, len(hold.injection.edges))
    astray = comparison.misled and comparison.count("lookup_errors", comparison.asked)
    if astray and proof.says is not Says.PROVED:
        return replace(proof, says=Says.MASKED, reason=f"masked: {comparison.misled} led its callers astray meanwhile")
    return proof


def _together(proofs: Sequence[EdgeProof]) -> Evidence:
    by: dict[Says, list[EdgeProof]] = {says: [proof for proof in proofs if proof.says is says] for says in Says}
    proved, against = by[Says.PROVED], by[Says.CONTRADICTED]
    good = bool(proved) and not against
    candidates = proved if good else against or by[Says.THIN] or proofs
    if not candidates:
        return Evidence(False, reason="no edge carries this fault")
    best = max(candidates, key=lambda proof: proof.n_during)
    measure = f"{best.measure} on {best.edge}" if best.measure else ""
    reason = "; ".join(part for part in _reasons(by, best, good, len(proofs)) if part)
    return Evidence(good, measure, best.before, best.during, best.n_before, best.n_during, reason)


def _reasons(by: dict[Says, list[EdgeProof]], best: EdgeProof, good: bool, total: int) -> list[str]:
    reasons = []
    if good:
        reasons = [best.reason, f"shown on {len(by[Says.PROVED])} of {total} edges" if total > 1 else ""]
    elif by[Says.CONTRADICTED]:
        reasons = [f"{proof.edge}: {proof.reason}" for proof in by[Says.CONTRADICTED][:NAMED]]
    elif by[Says.THIN]:
        reasons = [f"{proof.edge}: {proof.reason or 'nothing moved'}" for proof in by[Says.THIN][:NAMED]]
    reasons += [proof.reason for proof in by[Says.MASKED][:1]]
    idle = by[Says.IDLE]
    if idle:
        hint = next((f" ({proof.reason})" for proof in idle if proof.reason), "")
        more = f" and {len(idle) - NAMED} more" if len(idle) > NAMED else ""
        reasons.append(f"no traffic crossed {', '.join(proof.edge for proof in idle[:NAMED])}{more}{hint}")
    return reasons
