"""Samples on their way out, and the generator's account of itself."""

from __future__ import annotations

from array import array
from math import ceil

from harness.containers.load.wire import LATE_US, OUTCOMES
from harness.model.load import Outcome

_INDEX = {outcome: index for index, outcome in enumerate(OUTCOMES)}
_MOST_US = 2**32 - 1

Row = tuple[int, int, int, int, int, int]
"""due_us, flow, latency_us, outcome, status, late_us"""


class Tally:
    """One row per arrival that came to its end; `offered` counts those that were handed out."""

    def __init__(self) -> None:
        self.offered = 0
        self.sent = 0
        self.waited = 0
        self.no_slot = 0
        self.late = 0
        self.done = 0
        self._rows: list[Row] = []
        self._lateness = array("L")

    def add(self, due_us: int, flow: int, latency_us: int, outcome: Outcome, *, status: int, late_us: int) -> None:
        """An arrival's end. It is late when the generator itself began more than `LATE_US` after it was due."""
        self._rows.append((due_us, flow, latency_us, _INDEX[outcome], status, late_us))
        self._lateness.append(min(late_us, _MOST_US))
        self.done += 1
        self.late += late_us > LATE_US
        self.no_slot += outcome is Outcome.NO_SLOT

    def take(self) -> list[Row]:
        """Rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def account(self) -> dict[str, int]:
        """What the end frame says."""
        counts = {"offered": self.offered, "sent": self.sent, "no_slot": self.no_slot, "waited": self.waited}
        return counts | {"late": self.late, "lateness_p99_us": _p99(self._lateness)}


def _p99(values: array[int]) -> int:
    """Nearest rank; 0 of nothing."""
    return sorted(values)[ceil(0.99 * len(values)) - 1] if values else 0
