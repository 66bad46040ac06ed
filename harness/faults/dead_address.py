"""dead-address: a name resolves to an address where nothing is, as after a stale or wrong change of DNS."""

from __future__ import annotations

from harness.faults.by_name import CANNOT, DRIVER, UNDO
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.names import NameAnswer, NameRule

ANSWERS = {"silent": NameAnswer.SILENT, "refusing": NameAnswer.REFUSING}


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """An address where nobody answers, or where every port is closed."""
    return Effect(name=NameRule(ANSWERS[fault.text("host", "silent")], share=fault.share))


TYPE = FaultType(
    kind="dead-address",
    symptom="the callee's name leads to an address where nothing is: connects hang or are refused there",
    driver=DRIVER,
    undo=UNDO,
    parameters=(
        Parameter(
            "host",
            Unit.TEXT,
            "silent: nobody answers there; refusing: a host on which the port is closed",
            default="silent",
            choices=tuple(ANSWERS),
        ),
    ),
    example='{on: "web->orders", dead-address: true}',
    proof="look-ups of the name that got another address, as their packets say, against none before",
    cannot=CANNOT,
    proved_by=Proof.MISLED,
    family=Family.NAMES,
    effect=effect,
    shares=True,
    by_name=True,
    phrase=lambda fault: f"its name leads to a {fault.text('host', 'silent')} host",
)
