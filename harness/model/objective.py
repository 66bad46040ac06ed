"""What must hold (objectives) and what a faithful replay must show (signature checks)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Limit:
    """`low <= observed <= high`, an end that is None is open; strict ends exclude equality.

    `slack` belongs to ratio metrics only: "<= 110% or +20ms" also accepts an absolute growth of at most `slack`.
    """

    text: str
    low: float | None = None
    high: float | None = None
    low_strict: bool = False
    high_strict: bool = False
    slack: float | None = None

    def admits(self, value: float) -> bool:
        """Whether a single value keeps to it (`slack` apart)."""
        low = self.low is None or (value > self.low if self.low_strict else value >= self.low)
        high = self.high is None or (value < self.high if self.high_strict else value <= self.high)
        return low and high


class Role(StrEnum):
    """Whether a signature check is an effect of the faults, or holds with and without them."""

    EFFECT = "effect"
    INVARIANT = "invariant"


class Tag(StrEnum):
    """How a signature point comes about: put in by the script, tuned by us, or out of the system itself."""

    SCRIPTED = "scripted"
    CALIBRATED = "calibrated"
    EMERGENT = "emergent"


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric of one flow, edge or probe against a limit, scoped to phases. `subject`: flow name, edge id, probe name.

    `after` (recovery metrics only) names the phase from whose end recovery is counted.
    """

    subject: str
    metric: str
    limit: Limit
    phases: tuple[str, ...] = ()
    after: str = ""
    existential: bool = False
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One check of a signature point. Either `subject metric limit` or an order of recoveries (`order`: flow names)."""

    point: int
    role: Role
    tag: Tag
    subject: str = ""
    metric: str = ""
    limit: Limit | None = None
    phases: tuple[str, ...] = ()
    after: str = ""
    order: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Ids of the injections without which an effect check cannot be observed."""
    source: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class Stop:
    """`subject.metric op value for seconds` ends the timeline early: heal at once, then `verdict`."""

    text: str
    subject: str
    metric: str
    below: bool
    value: float
    for_s: float
    verdict: str
    """failed | inconclusive"""
