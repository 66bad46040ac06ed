"""What can be wrong with a name: the answer, its time, or the share of look-ups that it happens to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class NameAnswer(StrEnum):
    """What a look-up of a callee's name is answered."""

    TRUE = ""
    ABSENT = "absent"
    """The name does not exist (NXDOMAIN)."""
    FAILING = "failing"
    """The name server cannot tell (SERVFAIL)."""
    SILENT = "silent"
    """An address that nobody answers at."""
    REFUSING = "refusing"
    """An address where every port is closed."""


@dataclass(frozen=True, slots=True, order=True)
class NameRule:
    """A wrong answer, a delay, or both, for a share of look-ups (exactly counted)."""

    answer: NameAnswer = NameAnswer.TRUE
    delay_ms: int = 0
    share: float = 1.0

    def to_wire(self) -> list[object]:
        """A JSON-ready list."""
        return [str(self.answer), self.delay_ms, self.share]

    @classmethod
    def from_wire(cls, wire: object) -> NameRule:
        """Inverse of `to_wire`; ValueError or TypeError for anything else."""
        if not isinstance(wire, list | tuple) or len(wire) != 3:
            raise ValueError(f"not a rule of a name: {wire!r}")
        return cls(NameAnswer(str(wire[0])), int(wire[1]), float(wire[2]))


def answered_once(rules: Iterable[NameRule]) -> None:
    """ValueError if a wrong answer to every look-up leaves none for another one: it would never be seen."""
    wrong = [rule for rule in rules if rule.answer is not NameAnswer.TRUE]
    if len(wrong) > 1 and any(rule.share >= 1 for rule in wrong):
        words = " and ".join(sorted(str(rule.answer) for rule in wrong))
        raise ValueError(f"{words}: a look-up gets one answer; give each a share below 100 %, or let one end first")
