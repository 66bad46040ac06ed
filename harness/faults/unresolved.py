"""unresolved: a name stops resolving, as after a broken change of DNS."""

from __future__ import annotations

from harness.faults.by_name import CANNOT, DRIVER, UNDO
from harness.faults.contract import Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.names import NameAnswer, NameRule

ANSWERS = {"absent": NameAnswer.ABSENT, "failing": NameAnswer.FAILING}


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """The name does not exist, or the name server cannot tell."""
    return Effect(name=NameRule(ANSWERS[fault.text("answer", "absent")], share=fault.share))


TYPE = FaultType(
    kind="unresolved",
    symptom="the callee's name does not resolve: callers fail before they connect",
    driver=DRIVER,
    undo=UNDO,
    parameters=(
        Parameter(
            "answer",
            Unit.TEXT,
            "absent: there is no such name (NXDOMAIN); failing: the name server cannot tell (SERVFAIL)",
            default="absent",
            choices=tuple(ANSWERS),
        ),
    ),
    example='{on: "web->orders", unresolved: true}',
    proof="look-ups of the name that got no address, as their packets say, against none before",
    cannot=CANNOT,
    proved_by=Proof.MISLED,
    family=Family.NAMES,
    effect=effect,
    shares=True,
    by_name=True,
    phrase=lambda fault: "its name cannot be told" if fault.text("answer") == "failing" else "its name is gone",
)
