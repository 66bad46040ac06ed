"""disk: the size-limited volume of a service is full."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.faults.parameters import Parameter, Unit
from harness.model.act import Act, ContainerAct
from harness.model.fault import Fault
from harness.model.units import bytes_text


def act(fault: Fault) -> ContainerAct:
    """One file that takes all room but `free` bytes."""
    return ContainerAct(Act.DISK, free_bytes=round(fault.number("free")))


TYPE = FaultType(
    kind="disk",
    symptom="writes fail: no space left on device",
    driver=f"one large file on the service's volume, by {DRIVER}",
    undo=UNDO,
    parameters=(Parameter("free", Unit.BYTES, "what is left free", default=0.0, low=0.0, high=4e9, example="64KB"),),
    example="{on: db, disk: true}",
    proof="errors, waits, requests or bytes on the service's edges, before against during",
    cannot="fill anything but a size-limited volume of the project's own (driver_opts: {type: tmpfs, device: tmpfs, "
    f"o: size=64m}}), of 4 GiB at most; {ALONE}",
    proved_by=Proof.MOVED,
    family=Family.STARVED,
    acts_on=ActsOn.SERVICES,
    reach=Reach.AROUND,
    act=act,
    shares=True,
    phrase=lambda fault: f"its disk is full but for {bytes_text(fault.number('free'))}",
)
