"""limit_data: a connection ends after so many bytes of answers."""

from __future__ import annotations

from harness.faults.contract import ALONE, PROXY_UNDO, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.shape import Ending
from harness.model.units import bytes_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """So many bytes of answers, then the connection ends."""
    return Effect(ending=Ending.LIMIT_DATA, amount=round(fault.number("bytes")), share=fault.share)


TYPE = FaultType(
    kind="limit_data",
    symptom="answers break off: a connection ends after so many bytes",
    driver="Toxiproxy limit_data toxic, server-to-client direction",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "bytes",
            Unit.BYTES,
            "of answers on one connection, counted from its start or the start of the fault",
            low=0,
            high=1e9,
            short=True,
            example="5KB",
        ),
    ),
    example='{on: "web->objects", limit_data: 5KB}',
    proof="ends of connections by the callee's side, and bytes an answer, before against during",
    cannot="limit requests; " + ALONE,
    proved_by=Proof.BROKEN_OFF,
    family=Family.CUT,
    effect=effect,
    shares=True,
    phrase=lambda fault: f"breaks answers off after {bytes_text(fault.number('bytes'))}",
)
