"""cpu: a service gets a small share of one processor."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.faults.parameters import Parameter, Unit
from harness.model.act import Act, ContainerAct
from harness.model.fault import Fault
from harness.model.units import ratio_text


def act(fault: Fault) -> ContainerAct:
    """A quota of the kernel's scheduler."""
    return ContainerAct(Act.CPU, cpus=fault.number("limit"))


TYPE = FaultType(
    kind="cpu",
    symptom="the service is slow because it hardly gets to run",
    driver=f"a processor quota, by {DRIVER}",
    undo=UNDO,
    parameters=(
        Parameter(
            "limit",
            Unit.SHARE,
            "of one processor, for all its processes together",
            low=0.01,
            high=1.0,
            short=True,
            example="1%",
        ),
    ),
    example="{on: orders, cpu: 1%}",
    proof="waits, errors, requests or bytes on the service's edges, before against during",
    cannot=f"slow a service that hardly computes: then nothing moves, and the run says so; {ALONE}",
    proved_by=Proof.MOVED,
    family=Family.STARVED,
    acts_on=ActsOn.SERVICES,
    reach=Reach.AROUND,
    act=act,
    shares=True,
    phrase=lambda fault: f"held to {ratio_text(fault.number('limit'))} of a processor",
)
