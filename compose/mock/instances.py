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

    def replace_one(self) -> None:
        """The first latched instance is a new one now."""
        if any(self.latched):
            self.latched[self.latched.index(True)] = False
