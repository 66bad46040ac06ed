"""Servers that break in a way only a replacement mends."""

from __future__ import annotations


class Pool:
    """Which instances are latched, and the two clocks that change it."""

    def __init__(self, size: int) -> None:
        self.latched = [False] * size

    def latch_one(self, most: int) -> None:
        """Latch the first healthy instance unless `most` are latched already."""
        if sum(self.latched) < most and not all(self.latched):
            self.latched[self.latched.index(False)] = True

    def batch(self) -> int:
        """How many are replaced next: two at a time, of an odd number the odd one first."""
        return 2 - sum(self.latched) % 2 if any(self.latched) else 0

    def replace(self, number: int) -> None:
        """The first `number` latched instances are new ones now."""
        for index in [index for index, latched in enumerate(self.latched) if latched][:number]:
            self.latched[index] = False
