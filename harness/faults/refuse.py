"""refuse: the port answers with a reset, as if nothing listened there."""

from __future__ import annotations

from harness.faults.contract import SHARE, FaultType
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault, Kind


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A cut that answers: connection refused for new ones, reset at the next data for live ones."""
    return Effect(cut=Cut.RESET, share=fault.share)


TYPE = FaultType(
    kind=Kind.REFUSE,
    symptom="connection refused at once",
    driver="packet filter in the proxy container: TCP reset, with a kernel timeout",
    parameters=(SHARE,),
    example='{on: "orders->db", refuse: true}',
    proof="new connections that were reset, against none before",
    cannot="answer with an HTTP status",
    effect=effect,
)
