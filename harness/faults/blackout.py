"""blackout: a whole region is gone, inside and out."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof, Reach
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge into, out of and inside the target."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind="blackout",
    symptom="a region is gone: nothing in it answers, nothing in it gets out, nothing inside works",
    driver="packet filter in every proxy container involved, one transaction each",
    undo=KERNEL_UNDO,
    example="{on: us-east-1, how: blackout}",
    proof="requests and connects over every edge with traffic stay unanswered",
    cannot="stop the processes in the region; timers and local work go on",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    reach=Reach.AROUND,
    full_cut=True,
    phrase=lambda _: "gone: nothing in, nothing out",
)
