"""What can be wrong with a name: the answer, its time, or the share of look-ups that it happens to."""

from __future__ import annotations

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
