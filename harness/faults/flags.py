"""flags: a service that can misbehave is told to, through the proxy of its own region."""

from __future__ import annotations

from harness.faults.contract import FaultType, Parameter
from harness.model.fault import Fault, Kind


def effect(fault: Fault, elapsed_s: float) -> None:
    """Nothing on the edges: the service itself changes."""


TYPE = FaultType(
    kind=Kind.FLAGS,
    symptom="whatever the service offers under its label `regionfall.flags`",
    driver="PUT on the service's flag path, refreshed with a deadline that the service enforces",
    parameters=(Parameter("flags", "name: value", "desired flags of the service; it drops them at their deadline"),),
    example="{on: resolver, flags: {servfail: 0.4}}",
    proof="errors, waits, requests or bytes on the service's edges, before against during; never the read-back",
    cannot="be used on a dependent, or on a service without the label",
    effect=effect,
)
