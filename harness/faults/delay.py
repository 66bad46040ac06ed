"""delay: single requests wait before they reach the callee, also on kept connections."""

from __future__ import annotations

from harness.faults import per_request
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import RequestFault
from harness.model.units import duration_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The wait of each request that is struck."""
    return per_request.struck(fault, RequestFault(delay_ms=round(fault.number("latency") * 1000)))


TYPE = FaultType(
    kind="delay",
    symptom="single requests take longer, others on the same connection do not",
    driver=per_request.DRIVER,
    undo=per_request.UNDO,
    parameters=(
        Parameter(
            "latency",
            Unit.DURATION,
            "added to each request that is struck; wall time, never scaled",
            low=0.001,
            high=600.0,
            short=True,
            example="300ms",
        ),
        *per_request.CHOOSING,
    ),
    example='{on: "web->orders", delay: {latency: 300ms, rate: 10%, path: /api}}',
    proof="waits from request to first answer on the wire, before against during",
    cannot=f"{per_request.CANNOT}; a caller that gives up while it waits never reaches the callee",
    proved_by=Proof.LATE,
    family=Family.SLOW,
    build=per_request.build,
    effect=effect,
    per_request=True,
    words=lambda fault: f"delay {duration_text(fault.number('latency'))} for {per_request.which(fault)}",
    phrase=lambda fault: f"delays {per_request.which(fault)} by {duration_text(fault.number('latency'))}",
)
