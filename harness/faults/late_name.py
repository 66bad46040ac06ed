"""late-name: a name resolves, but late."""

from __future__ import annotations

from harness.faults.by_name import CANNOT, DRIVER, UNDO
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.names import NameRule
from harness.model.units import duration_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The true answer, after a while."""
    return Effect(name=NameRule(delay_ms=round(fault.number("delay") * 1000), share=fault.share))


TYPE = FaultType(
    kind="late-name",
    symptom="every new connection waits for the callee's name; callers with a short patience fail",
    driver=DRIVER,
    undo=UNDO,
    parameters=(
        Parameter(
            "delay",
            Unit.DURATION,
            "until a look-up is answered; wall time, never scaled",
            low=0.001,
            high=30.0,
            short=True,
            example="800ms",
        ),
    ),
    example='{on: "web->orders", late-name: 800ms}',
    proof="waits from look-up to answer, as their packets say, before against during",
    cannot=f"{CANNOT}; a resolver that gives up asks again, and waits again",
    proved_by=Proof.LATE_NAME,
    family=Family.NAMES,
    effect=effect,
    shares=True,
    by_name=True,
    phrase=lambda fault: f"its name comes {duration_text(fault.number('delay'))} late",
)
