"""flags: a service that can misbehave is told to, through the proxy of its own region."""

from __future__ import annotations

import json

from harness.faults.contract import ActsOn, Asked, Family, FaultType, ParameterError, Proof, Reach
from harness.model.fault import Fault


def build(asked: Asked) -> Fault:
    """Every flag with its value as JSON text."""
    if not asked.values:
        raise ParameterError("", "no flag is named; write flags: {login: fail}")
    return Fault("flags", flags=tuple((name, json.dumps(value)) for name, value in asked.values.items()))


def phrase(fault: Fault) -> str:
    """`told to misbehave: login fail, stale`."""
    told = ", ".join(_flag(name, text) for name, text in fault.flags)
    return f"told to misbehave: {told}" if told else "told to misbehave"


def _flag(name: str, text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return name if value is True else f"{name} {value}"


TYPE = FaultType(
    kind="flags",
    symptom="whatever the service offers under its label `regionfall.flags`",
    driver="PUT on the service's flag path, refreshed with a deadline that the service enforces",
    undo="the service itself, at the deadline that the proxy container keeps prolonging",
    example="{on: resolver, flags: {servfail: 0.4}}",
    proof="errors, waits, requests or bytes on the service's edges, before against during; never the read-back",
    cannot="be used on a dependent, or on a service without the label",
    proved_by=Proof.MOVED,
    family=Family.TOLD,
    build=build,
    acts_on=ActsOn.FLAGS,
    reach=Reach.AROUND,
    free=True,
    words=lambda fault: ", ".join(f"{name} = {value}" for name, value in fault.flags),
    phrase=phrase,
)
