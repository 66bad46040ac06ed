"""isolate: a region works inside, but nothing crosses its edge."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof, Reach
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge that crosses the region's edge."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind="isolate",
    symptom="a region works inside, but nothing crosses its edge, clients included",
    driver="packet filter in every proxy container involved, one transaction each",
    undo=KERNEL_UNDO,
    example="{on: us-east-1, how: isolate}",
    proof="requests and connects over every crossing edge with traffic stay unanswered",
    cannot="separate two halves of one region",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    reach=Reach.RIM,
    full_cut=True,
    phrase=lambda _: "cut off from the other regions",
)
