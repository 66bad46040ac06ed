"""hang: packets vanish. New connections are never answered, live ones stall and go on after the heal."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Family, FaultType, Proof
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of the edge, or of a share of its new connections."""
    return Effect(cut=Cut.DROP, share=fault.share)


TYPE = FaultType(
    kind="hang",
    symptom="no answer at all: connects and requests wait until the caller gives up",
    driver="packet filter in the proxy container: silent drop, with a kernel timeout",
    undo=KERNEL_UNDO,
    example='{on: "orders->payments", hang: true, share: 35%}',
    proof="new connections left unanswered, requests whose caller gave up, bytes over the edge",
    cannot="hit a share of requests on kept connections (a share counts new connections)",
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    shares=True,
    full_cut=True,
    phrase=lambda _: "hangs: nothing answers",
)
