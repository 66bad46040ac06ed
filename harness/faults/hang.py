"""hang: packets vanish. New connections are never answered, live ones stall and go on after the heal."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Asked, Family, FaultType, ParameterError, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Cut, Effect, Way
from harness.model.fault import Fault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A silent cut of the edge, of one direction, or of a share of its new connections."""
    way = fault.text("way", "both")
    return Effect(cut=Cut.DROP, share=fault.share, way=Way.BOTH if way == "both" else Way(way))


def build(asked: Asked) -> Fault:
    """A share is taken at the dial, which needs both directions."""
    way = asked.values["way"]
    if way == "both":
        return Fault("hang", share=asked.share)
    if asked.share < 1:
        raise ParameterError("way", f"a share is cut at the dial, which goes both ways; leave out way: {way}, or share")
    return Fault("hang", params=(("way", way),))


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
    parameters=(
        Parameter(
            "way",
            Unit.TEXT,
            "which packets vanish: with response the callee gets every request and does the work",
            default="both",
            choices=("both", "request", "response"),
        ),
    ),
    build=build,
    effect=effect,
    shares=True,
    full_cut=True,
    phrase=lambda fault: {
        "request": "requests vanish on their way",
        "response": "answers vanish on their way back",
    }.get(fault.text("way"), "hangs: nothing answers"),
)
