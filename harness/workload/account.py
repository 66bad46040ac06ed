"""Whether the generator kept its word: counted from the rows that really arrived."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import ceil

from harness.containers.load.wire import LATE_US
from harness.model.finding import LoadAccount
from harness.model.load import Outcome, Sample


class Account:
    """Adds up samples; eight bytes each, whatever the length of the run."""

    def __init__(self) -> None:
        self._late = self._no_slot = 0
        self._lateness = array("Q")

    def add(self, samples: Iterable[Sample]) -> None:
        """Rows as they come."""
        for sample in samples:
            self._lateness.append(sample.late_us)
            self._late += sample.late_us > LATE_US
            self._no_slot += sample.outcome is Outcome.NO_SLOT

    @property
    def rows(self) -> int:
        """How many arrived so far."""
        return len(self._lateness)

    def against(self, offered: int) -> LoadAccount:
        """The account, given how many were offered."""
        lateness = sorted(self._lateness)
        p99_us = lateness[ceil(0.99 * len(lateness)) - 1] if lateness else 0
        return LoadAccount(
            offered=offered, rows=self.rows, late=self._late, no_slot=self._no_slot, lateness_p99_s=p99_us / 1e6
        )
