"""pause: all processes of a service stand still; its kernel still accepts connections."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.model.act import Act, ContainerAct

TYPE = FaultType(
    kind="pause",
    symptom="connections are accepted and nothing is answered, until the queue of the service is full",
    driver=f"the engine's freezer, by {DRIVER}",
    undo=UNDO,
    example="{on: orders, pause: true}",
    proof="requests to the service that stay without an answer, against answers before",
    cannot=f"freeze one process of several; {ALONE}",
    proved_by=Proof.SILENCE,
    family=Family.STOPPED,
    acts_on=ActsOn.SERVICES,
    act=lambda _: ContainerAct(Act.PAUSE),
    shares=True,
    full_cut=True,
    phrase=lambda _: "frozen",
)
