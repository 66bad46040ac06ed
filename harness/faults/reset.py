"""reset: live connections are torn down on both sides, once or again and again."""

from __future__ import annotations

from harness.faults.contract import PROXY_UNDO, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Cut, Effect
from harness.model.fault import Fault
from harness.model.units import duration_text


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """Live connections end with a reset; new ones are refused or not."""
    every = fault.number("every")
    refused = fault.text("new") == "refused"
    return Effect(kill_ms=round(every * 1000) if every else -1, cut=Cut.RESET if refused else Cut.NONE)


def phrase(fault: Fault) -> str:
    """`resets live connections every 5 s, new ones pass`."""
    every = f" every {duration_text(fault.number('every'))}" if fault.number("every") else ""
    return f"resets live connections{every}, new ones {'are refused' if fault.text('new') == 'refused' else 'pass'}"


TYPE = FaultType(
    kind="reset",
    symptom="live connections are reset at once, idle ones too, seen by caller and callee",
    driver="the kernel destroys the sockets of the edge's proxy; with `new: refused` also the packet filter",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "new",
            Unit.TEXT,
            "what becomes of new connections while it holds",
            default="pass",
            choices=("pass", "refused"),
        ),
        Parameter("every", Unit.DURATION, "again so often; once, when it begins", default=None, low=0.5, high=600.0),
    ),
    example='{on: "orders->db", reset: {every: 5s}}',
    proof="answered connections that were reset, against none before",
    cannot="be used where the kernel was built without INET_DIAG_DESTROY; hold beside a silent cut of the edge",
    proved_by=Proof.RESET,
    family=Family.CUT,
    effect=effect,
    phrase=phrase,
)
