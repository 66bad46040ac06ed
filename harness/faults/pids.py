"""pids: a service can start no more processes and threads."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.faults.parameters import Parameter, Unit
from harness.model.act import Act, ContainerAct
from harness.model.fault import Fault


def act(fault: Fault) -> ContainerAct:
    """A limit of the kernel on processes and threads."""
    return ContainerAct(Act.PIDS, pids=round(fault.number("limit")))


TYPE = FaultType(
    kind="pids",
    symptom="the service cannot start a process or a thread any more; what needs one fails",
    driver=f"a limit of processes, by {DRIVER}",
    undo=UNDO,
    parameters=(
        Parameter(
            "limit",
            Unit.COUNT,
            "processes and threads together; those above it live on",
            low=1,
            high=32768,
            short=True,
            example="1",
        ),
    ),
    example="{on: orders, pids: 1}",
    proof="errors, waits, requests or bytes on the service's edges, before against during",
    cannot=f"touch a service that starts none: then nothing moves, and the run says so; {ALONE}",
    proved_by=Proof.MOVED,
    family=Family.STARVED,
    acts_on=ActsOn.SERVICES,
    reach=Reach.AROUND,
    act=act,
    shares=True,
    phrase=lambda fault: f"held to {fault.number('limit'):g} at most of processes and threads",
)
