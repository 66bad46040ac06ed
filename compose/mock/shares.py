"""An exact share of events without chance: 35 % of 100 is 35, spread evenly."""

from __future__ import annotations


class Share:
    """Adds up the share of each event; every time the sum passes one, the event is taken."""

    def __init__(self) -> None:
        self.sum = 0.0

    def take(self, share: float) -> bool:
        """Whether this event belongs to `share` (0–1) of all."""
        self.sum += share
        if self.sum < 1 - 1e-9:
            return False
        self.sum -= 1
        return True
