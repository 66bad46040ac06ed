"""brownout: waits grew by what was asked for, and the asked share of new connections stayed unanswered."""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.proof import new_connections, slow
from harness.analysis.proof.comparison import Comparison
from harness.analysis.proof.edge_proof import EdgeProof, Says


def prove(comparison: Comparison) -> EdgeProof:
    """The delay decides; the loss must not contradict it. Callers that keep their connections show the delay only."""
    late = slow.prove(comparison)
    if late.says is not Says.PROVED:
        return late
    lossy = replace(comparison.fault, share=comparison.fault.number("loss"))
    lost = new_connections.prove(replace(comparison, fault=lossy), "unanswered")
    if lost.says is Says.CONTRADICTED:
        return lost
    seen = f"{lost.during:.0%} of {lost.n_during} new connections lost" if lost.says is Says.PROVED else lost.reason
    return replace(late, reason=seen)
