"""stop: a service is asked to end, as an orderly shutdown does, and stays down."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.model.act import Act, ContainerAct

TYPE = FaultType(
    kind="stop",
    symptom="the service ends in order, then connections are refused",
    driver=f"its stop signal, SIGKILL after 2 s, by {DRIVER}",
    undo=UNDO,
    example="{on: orders, stop: true}",
    proof="new connections to the service that were refused, against none before",
    cannot=f"give it longer than 2 s to end; {ALONE}",
    proved_by=Proof.REFUSED,
    family=Family.STOPPED,
    acts_on=ActsOn.SERVICES,
    act=lambda _: ContainerAct(Act.STOP),
    shares=True,
    full_cut=True,
    phrase=lambda _: "stopped",
)
