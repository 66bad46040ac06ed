"""restart: a service dies and comes up again, time after time, as in a crash loop."""

from __future__ import annotations

from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach
from harness.faults.on_containers import ALONE, DRIVER, UNDO
from harness.faults.parameters import Parameter, Unit
from harness.model.act import Act, ContainerAct
from harness.model.fault import Fault
from harness.model.units import duration_text

EVERY_S = 5.0


def act(fault: Fault) -> ContainerAct:
    """Killed and started, then again after each period."""
    return ContainerAct(Act.RESTART, every_s=fault.number("every", EVERY_S))


TYPE = FaultType(
    kind="restart",
    symptom="the service comes and goes: refused, up, refused again, and cold after each start",
    driver=f"SIGKILL and start in turns, by {DRIVER}",
    undo=UNDO,
    parameters=(
        Parameter(
            "every",
            Unit.DURATION,
            "from one kill to the next; wall time, never scaled",
            default=EVERY_S,
            low=1.0,
            high=600.0,
            short=True,
            example="5s",
        ),
    ),
    example="{on: orders, restart: 3s}",
    proof="errors, refused connections, waits or requests on the service's edges, before against during",
    cannot=f"keep it down between two turns (kill does); {ALONE}",
    proved_by=Proof.MOVED,
    family=Family.STOPPED,
    acts_on=ActsOn.SERVICES,
    reach=Reach.AROUND,
    act=act,
    shares=True,
    phrase=lambda fault: f"restarted every {duration_text(fault.number('every', EVERY_S))}",
)
