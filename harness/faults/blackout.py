"""blackout: a whole region is gone, inside and out."""

from __future__ import annotations

from harness.faults.contract import FaultType
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault, Kind


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of every edge into, out of and inside the target."""
    return Effect(cut=Cut.DROP)


TYPE = FaultType(
    kind=Kind.BLACKOUT,
    symptom="a region is gone: nothing in it answers, nothing in it gets out, nothing inside works",
    driver="packet filter in every proxy container involved, one transaction each",
    parameters=(),
    example="{on: us-east-1, how: blackout}",
    proof="requests and connects over every edge with traffic stay unanswered",
    cannot="stop the processes in the region; timers and local work go on",
    effect=effect,
)
