"""reset_peer: connections are reset at the first answer."""

from __future__ import annotations

from harness.faults.contract import ALONE, PROXY_UNDO, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.shape import Ending


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The first data of the callee resets the connection, after a while."""
    return Effect(ending=Ending.RESET_PEER, amount=round(fault.number("after") * 1000), share=fault.share)


TYPE = FaultType(
    kind="reset_peer",
    symptom="connects succeed, the request is carried out, and instead of an answer the connection is reset",
    driver="Toxiproxy reset_peer toxic, server-to-client direction",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "after",
            Unit.DURATION,
            "time from the first data of an answer to the reset",
            default=0.0,
            low=0.0,
            high=600.0,
            short=True,
            example="1s",
        ),
    ),
    example='{on: "orders->payments", reset_peer: true}',
    proof="requests that got no answer, against answers before",
    cannot="reset idle connections (see reset); send a reset on connections older than itself, they just end; " + ALONE,
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    shares=True,
    full_cut=True,
    phrase=lambda fault: "resets connections instead of answering",
)
