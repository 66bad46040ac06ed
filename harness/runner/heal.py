"""The undo ladder: ask who holds it, ask again on its own clock, replace it; each rung is read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from harness.model.errors import ControlLost
from harness.model.progress import Said
from harness.runner.injector import CONTAINERS, Injector, place_of
from harness.runner.ports import Wire
from harness.runner.rig import Rig


class Holder(Protocol):
    """Whoever holds faults: a border, or the helper that harms containers."""

    def status(self) -> Wire:
        """What holds now, or could not be undone."""

    def heal(self) -> Wire:
        """Undo everything of everybody, read back."""


def heal(rig: Rig, injector: Injector) -> bool:
    """Lift every fault of this run and prove it. True only when everybody answered that nothing holds."""
    rig.journal.write("heal_started")
    injector.heal_all()
    holders: dict[str, tuple[Holder, Callable[[], bool]]] = {
        region: (border, _repairing(rig, region)) for region, border in rig.borders.items()
    }
    if rig.guardian is not None:
        holders[CONTAINERS] = (rig.guardian, rig.repair_guardian)
    # Collected, not all(… for …): everyone is asked, even after one that could not be cleaned.
    clean = {name: _clean(rig, name, one) or _replaced(rig, name, again) for name, (one, again) in holders.items()}
    verified = all(clean.values())
    rig.journal.write("heal_done", verified=verified)
    if not verified:
        rig.say(Said("a fault may still hold; run: regionfall heal", warning=True))
    return verified


def _repairing(rig: Rig, region: str) -> Callable[[], bool]:
    return lambda: rig.repair(region)


def _clean(rig: Rig, name: str, holder: Holder) -> bool:
    try:
        if not holder.status().get("injections"):
            return True
        return not holder.heal().get("left")
    except ControlLost as error:
        rig.journal.write("control_lost", border=name, reason=str(error))
        return False


def _replaced(rig: Rig, name: str, again: Callable[[], bool]) -> bool:
    rig.say(Said(f"{place_of(name)} does not answer; replacing it", warning=True))
    rig.journal.write("border_replaced", border=name)
    try:
        return again()
    except Exception as error:  # whatever the engine says, the answer is: not verified
        rig.journal.write("repair_failed", border=name, reason=repr(error))
        return False
