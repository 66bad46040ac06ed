"""partition: two sides cannot talk to each other; each works with everybody else."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof, Reach
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge from one side to the other, in both directions."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind="partition",
    symptom="two regions, or sets of services, cannot talk to each other; each works with everybody else",
    driver="packet filter in every proxy container involved, one transaction each",
    undo=KERNEL_UNDO,
    example='{on: "us-east-1 | us-west-2", how: partition}',
    proof="requests and connects over every edge between the sides with traffic stay unanswered",
    cannot="stand between services that share a network (label regionfall.together)",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    reach=Reach.BETWEEN,
    full_cut=True,
    phrase=lambda _: "the two sides cannot talk",
)
