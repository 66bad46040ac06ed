"""refuse: the port answers with a reset, as if nothing listened there."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A cut that answers: connection refused for new ones, reset at the next data for live ones."""
    return Effect(cut=Cut.RESET, share=fault.share)


TYPE = FaultType(
    kind="refuse",
    symptom="connection refused at once",
    driver="packet filter in the proxy container: TCP reset, with a kernel timeout",
    undo=KERNEL_UNDO,
    example='{on: "orders->db", refuse: true}',
    proof="new connections that were reset, against none before",
    cannot="answer with an HTTP status",
    proved_by=Proof.REFUSED,
    family=Family.CUT,
    effect=effect,
    shares=True,
    full_cut=True,
    phrase=lambda _: "refuses connections",
)
