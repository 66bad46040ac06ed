"""one-way: calls from the left side to the right side vanish; calls the other way work."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof, Reach
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge that starts on the left side and ends on the right."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind="one-way",
    symptom="calls from one side to the other vanish, while calls the other way round work",
    driver="packet filter in every proxy container involved, one transaction each",
    undo=KERNEL_UNDO,
    example='{on: "us-east-1 | us-west-2", how: one-way}',
    proof="requests and connects from left to right with traffic stay unanswered",
    cannot="lose the packets of one direction within a call: a call that passes has its answer",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    reach=Reach.FORTH,
    full_cut=True,
    phrase=lambda _: "calls from left to right vanish",
)
