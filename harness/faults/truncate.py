"""truncate: answers end before their announced length."""

from __future__ import annotations

from harness.faults import per_request
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import Answer, RequestFault
from harness.model.units import bytes_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The callee's own answer, and an end of the connection in the middle of it."""
    return per_request.struck(fault, RequestFault(Answer.CUT, after_bytes=round(fault.number("after"))))


TYPE = FaultType(
    kind="truncate",
    symptom="answers break off: their first bytes arrive, then the connection is closed",
    driver=f"{per_request.DRIVER}; Toxiproxy limit_data behind it",
    undo=per_request.UNDO,
    parameters=(
        Parameter(
            "after",
            Unit.BYTES,
            "how much of the answer arrives, its headers included",
            low=1.0,
            high=100_000_000.0,
            short=True,
            example="500B",
        ),
        *per_request.CHOOSING,
    ),
    example='{on: "web->objects", truncate: {after: 2KB, rate: 10%}}',
    proof="answers to the caller that ended before their length, as HAProxy counted them (the wire shows it to nobody)",
    cannot=f"{per_request.CANNOT}; shorten an answer that is shorter already; with less than the headers let through, "
    "no answer arrives at all",
    proved_by=Proof.CUT_SHORT,
    family=Family.ERRORS,
    build=per_request.build,
    effect=effect,
    per_request=True,
    words=lambda fault: f"truncate after {bytes_text(fault.number('after'))} for {per_request.which(fault)}",
    phrase=lambda fault: f"cuts answers after {bytes_text(fault.number('after'))} for {per_request.which(fault)}",
)
