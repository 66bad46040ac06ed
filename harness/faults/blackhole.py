"""blackhole: what is sent into a region vanishes; inside it and out of it everything works."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof, Reach
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge from outside into the target."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind="blackhole",
    symptom="everything that others send into a region vanishes; it works inside, and its own calls go out",
    driver="packet filter in every proxy container involved, one transaction each",
    undo=KERNEL_UNDO,
    example="{on: us-east-1, how: blackhole}",
    proof="requests and connects over every edge into it with traffic stay unanswered",
    cannot="stop the region from calling others (isolate does), or from working inside (blackout does)",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    reach=Reach.INWARD,
    full_cut=True,
    phrase=lambda _: "swallows what is sent into it",
)
