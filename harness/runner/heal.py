"""The undo ladder: ask the proxy, ask again on its own clock, replace it; each rung is read back."""

from __future__ import annotations

from harness.model.errors import ControlLost
from harness.model.progress import Said
from harness.runner.injector import Injector
from harness.runner.rig import Rig


def heal(rig: Rig, injector: Injector) -> bool:
    """Lift every fault of this run and prove it. True only when every border answered that nothing holds."""
    rig.journal.write("heal_started")
    injector.heal_all()
    # Collected, not all(… for …): every region is cleaned, even after one that could not be.
    clean = {region: _clean(rig, region) or _replaced(rig, region) for region in rig.borders}
    verified = all(clean.values())
    rig.journal.write("heal_done", verified=verified)
    if not verified:
        rig.say(Said("a fault may still hold; run: regionfall heal", warning=True))
    return verified


def _clean(rig: Rig, region: str) -> bool:
    try:
        if not rig.borders[region].status().get("injections"):
            return True
        return not rig.borders[region].heal().get("left")
    except ControlLost as error:
        rig.journal.write("control_lost", border=region, reason=str(error))
        return False


def _replaced(rig: Rig, region: str) -> bool:
    rig.say(Said(f"proxy of {region} does not answer; replacing it", warning=True))
    rig.journal.write("border_replaced", border=region)
    try:
        return rig.repair(region)
    except Exception as error:  # whatever the engine says, the answer is: not verified
        rig.journal.write("repair_failed", border=region, reason=repr(error))
        return False
