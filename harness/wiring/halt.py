"""Everything stops: the lever first, then all faults lifted, then every run of this folder ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.journal.lever import Lever, engage, engaged
from harness.model.errors import ClusterError
from harness.wiring.healing import heal_now
from harness.wiring.standing import live_runs

ENDING_S = 90.0
"""How long runs may take to end: the load's longest deadlines, and a stack that is taken down."""
_LOOK_S = 0.2

Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Halted:
    """What a halt did. `left` could not be verified, `alive` are runs that did not end in time."""

    lever: Lever
    runs: tuple[str, ...]
    healed: tuple[str, ...]
    left: tuple[str, ...]
    alive: tuple[str, ...]


def refuse_if_engaged(home: Path) -> None:
    """ClusterError (exit 4) with the reason and the way out, while the lever is engaged."""
    lever = engaged(home)
    if lever is not None:
        raise ClusterError(
            f"{lever.words}\n  next: `regionfall lever release`, when nothing speaks against it any more"
        )


def halt_now(home: Path, reason: str, sleep: Sleep, ending_s: float = ENDING_S) -> Halted:
    """Engage the lever, lift every fault of this folder's stacks and wait for its runs to end (they see the lever)."""
    lever = engage(home, reason, datetime.now(UTC))
    runs = tuple(live_runs(home))
    healed, left = _lifted(home)
    waited = 0.0
    while (alive := tuple(run for run in live_runs(home) if run in runs)) and waited < ending_s:
        sleep(_LOOK_S)
        waited += _LOOK_S
    if runs:
        again, left = _lifted(home)  # a run may have been about to break something when it was asked to stop
        healed += [name for name in again if name not in healed]
    return Halted(lever, runs, tuple(healed), tuple(left), alive)


def _lifted(home: Path) -> tuple[list[str], list[str]]:
    try:
        done = heal_now(home, "")
    except ClusterError as error:
        return [], [f"everything ({str(error).splitlines()[0]})"]
    return list(done.healed), list(done.left)
