"""kill: the process of a service is gone at once, and does not come back while it holds."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.model.act import Act, ContainerAct

TYPE = FaultType(
    kind="kill",
    symptom="connection refused at once: the process is gone without a word",
    driver=f"SIGKILL by {DRIVER}",
    undo=UNDO,
    example="{on: db, kill: true}",
    proof="new connections to the service that were refused, against none before",
    cannot=f"keep what the process had in memory; {ALONE}",
    proved_by=Proof.REFUSED,
    family=Family.STOPPED,
    acts_on=ActsOn.SERVICES,
    act=lambda _: ContainerAct(Act.KILL),
    shares=True,
    full_cut=True,
    phrase=lambda _: "killed",
)
