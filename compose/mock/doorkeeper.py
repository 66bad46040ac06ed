"""Whether to take on work, judged by how the last calls to a dependency went."""

from __future__ import annotations

from collections import deque


class Doorkeeper:
    """Open or shut, from the answers of the last `window` calls. Pure."""

    def __init__(self, window: int, bad_share: float) -> None:
        self.last: deque[bool] = deque(maxlen=window)
        self.window, self.bad_share, self.open = window, bad_share, True

    def learn(self, good: bool) -> None:
        """Shut when more than the share of a full window is bad; open again when all of a full new window are good."""
        self.last.append(good)
        bad = len(self.last) - sum(self.last)
        if self.open and bad > self.bad_share * self.window:
            self.open = False
            self.last.clear()
        elif not self.open and bad:
            self.last.clear()
        elif not self.open and len(self.last) == self.window:
            self.open = True
