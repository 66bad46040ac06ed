"""memory: a service runs into a memory limit and is killed by the kernel."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.faults.parameters import Parameter, Unit
from harness.model.act import Act, ContainerAct
from harness.model.fault import Fault
from harness.model.units import bytes_text

LEAST = 7e6
"""The engine takes no limit below 6 MiB."""


def act(fault: Fault) -> ContainerAct:
    """A limit of the kernel; what is above it is pushed out or killed."""
    return ContainerAct(Act.MEMORY, memory_bytes=round(fault.number("limit")))


TYPE = FaultType(
    kind="memory",
    symptom="the service is killed for want of memory, at once or as soon as it grows",
    driver=f"a memory limit and the kernel's own killer, by {DRIVER}",
    undo=UNDO,
    parameters=(
        Parameter(
            "limit",
            Unit.BYTES,
            "of all its processes together; below what it uses now it is killed at once",
            low=LEAST,
            high=1e12,
            short=True,
            example="16MB",
        ),
    ),
    example="{on: orders, memory: 8MB}",
    proof="errors, refused connections, waits or requests on the service's edges, before against during",
    cannot=f"touch a service that stays below the limit: then nothing moves, and the run says so; {ALONE}",
    proved_by=Proof.MOVED,
    family=Family.STARVED,
    acts_on=ActsOn.SERVICES,
    reach=Reach.AROUND,
    act=act,
    shares=True,
    phrase=lambda fault: f"held to {bytes_text(fault.number('limit'))} of memory",
)
