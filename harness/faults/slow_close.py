"""slow_close: connections close late."""

from __future__ import annotations

from harness.faults.contract import ALONE, PROXY_UNDO, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.shape import Ending
from harness.model.units import duration_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The end of a connection reaches the caller late."""
    return Effect(ending=Ending.SLOW_CLOSE, amount=round(fault.number("delay") * 1000), share=fault.share)


TYPE = FaultType(
    kind="slow_close",
    symptom="connections close late: callers that wait for the end of a connection wait longer",
    driver="Toxiproxy slow_close toxic, server-to-client direction",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "delay",
            Unit.DURATION,
            "how late the end of a connection reaches the caller",
            low=0.05,
            high=60.0,
            short=True,
            example="2s",
        ),
    ),
    example='{on: "orders->db", slow_close: 2s}',
    proof="time from the last data, or the caller's own end, to the callee's end, before against during",
    cannot="show where connections are kept open; " + ALONE,
    proved_by=Proof.LATE_CLOSE,
    family=Family.CUT,
    effect=effect,
    shares=True,
    phrase=lambda fault: f"closes connections {duration_text(fault.number('delay'))} late",
)
