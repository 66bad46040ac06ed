"""How a provider service is told to misbehave: PUT the desired flags with a deadline, GET reads them back.

The service drops all flags by itself at the deadline, with nobody alive. Flags are for providers; dependents have none.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping

from mock.shares import Share

FlagValue = str | float | bool


class Flags:
    """The flags that hold now. A value is `true`, `"fail"` (everything) or a share of requests between 0 and 1."""

    def __init__(self, known: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.known, self.clock = known, clock
        self.values: dict[str, FlagValue] = {}
        self.until = 0.0
        self.shares: dict[str, Share] = defaultdict(Share)

    def put(self, values: Mapping[str, FlagValue], left_s: float) -> None:
        """Replace all flags for `left_s` seconds; no flags clears. ValueError names an unknown flag or a bad value."""
        for name, value in values.items():
            self.check(name, value)
        self.values, self.until = dict(values), self.clock() + left_s

    def check(self, name: str, value: FlagValue) -> None:
        """ValueError unless this service knows the flag and the value can be obeyed."""
        if name not in self.known:
            raise ValueError(f"unknown flag {name!r}; this service knows: {', '.join(self.known) or 'none'}")
        if not (value == "fail" or (isinstance(value, (bool, int, float)) and value >= 0)):
            raise ValueError(f'flag {name}: {value!r} is neither true, "fail" nor a number')

    def left_s(self) -> float:
        """Seconds until all flags drop, 0 without flags."""
        return max(0.0, self.until - self.clock()) if self.values else 0.0

    def get(self, name: str) -> FlagValue:
        """The value that holds now, False without one."""
        if self.values and self.clock() >= self.until:
            self.values = {}
        return self.values.get(name, False)

    def fails(self, name: str) -> bool:
        """Whether this request must fail: all of them for `true` or `"fail"`, else exactly the given share."""
        value = self.get(name)
        if isinstance(value, (bool, str)):
            return bool(value)
        return self.shares[name].take(min(1.0, value))

    def answer(self) -> dict[str, object]:
        """What a reader is told."""
        self.get("")
        return {"flags": self.values, "left_s": round(self.left_s(), 3)}
