"""abort: requests get no answer, their connection ends at once."""

from __future__ import annotations

from harness.faults import per_request
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import Answer, RequestFault


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """No answer; how the connection ends is what people chose."""
    return per_request.struck(fault, RequestFault(Answer(fault.text("by", "reset"))))


TYPE = FaultType(
    kind="abort",
    symptom="requests get no answer: their connection is reset or closed as soon as they arrive",
    driver=per_request.DRIVER,
    undo=per_request.UNDO,
    parameters=(
        Parameter(
            "by",
            Unit.TEXT,
            "how the connection ends",
            default="reset",
            choices=("reset", "close"),
            short=True,
            example="reset",
        ),
        *per_request.CHOOSING,
    ),
    example='{on: "web->orders", abort: {by: close, rate: 5%, method: POST}}',
    proof="requests on the wire without an answer whose caller did not give up, before against during",
    cannot=per_request.CANNOT,
    proved_by=Proof.ABORTED,
    family=Family.ERRORS,
    build=per_request.build,
    effect=effect,
    per_request=True,
    words=lambda fault: f"abort ({fault.text('by', 'reset')}) {per_request.which(fault)}",
    phrase=lambda fault: f"breaks off {per_request.which(fault)} ({fault.text('by', 'reset')})",
)
