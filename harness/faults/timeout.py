"""timeout: answers are thrown away, and the connection is closed after a while."""

from __future__ import annotations

from harness.faults.contract import ALONE, PROXY_UNDO, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.shape import Ending
from harness.model.units import duration_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """No answer gets through; the connection ends after a time without data."""
    return Effect(ending=Ending.TIMEOUT, amount=round(fault.number("after") * 1000), share=fault.share)


def _end(fault: Fault) -> str:
    after = fault.number("after")
    return f", ends connections after {duration_text(after)}" if after else ""


TYPE = FaultType(
    kind="timeout",
    symptom="connects succeed, requests arrive, no answer comes back, and the connection ends after a while",
    driver="Toxiproxy timeout toxic, server-to-client direction",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "after",
            Unit.DURATION,
            "time without data after which connections end, counted anew with each chunk; 0s: never",
            low=0.0,
            high=600.0,
            short=True,
            example="5s",
        ),
    ),
    example='{on: "orders->payments", timeout: 5s}',
    proof="requests that got no answer, against answers before",
    cannot="keep requests from being carried out; " + ALONE,
    proved_by=Proof.SILENCE,
    family=Family.CUT,
    effect=effect,
    shares=True,
    full_cut=True,
    phrase=lambda fault: f"swallows answers{_end(fault)}",
)
