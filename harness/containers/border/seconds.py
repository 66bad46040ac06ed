"""What was seen on each edge in each second: counts that add up, and samples of waits. Pure; time is passed in (µs)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

SAMPLES = 100
"""Waits kept per edge and second, a fair sample of all."""

SETTLED_US = 2_250_000
"""A second is final this long after it began: a connect needs a further second to count as unanswered."""

KEPT = 180
"""Seconds kept for connections that ask late."""


class Tally:
    """One edge in one second; fields as in `harness.model.record.EdgeSecond`."""

    __slots__ = (
        "answer_bytes",
        "close_us",
        "closes",
        "connects",
        "cut_short",
        "down_bytes",
        "ends",
        "errors",
        "gave_up",
        "gave_up_us",
        "hangups",
        "lookup_answers",
        "lookup_errors",
        "lookup_times_us",
        "lookups",
        "refused",
        "rejects",
        "requests",
        "resets",
        "responses",
        "segments",
        "times_us",
        "unanswered",
        "up_bytes",
    )

    def __init__(self) -> None:
        self.connects = self.refused = self.unanswered = self.requests = self.responses = 0
        self.gave_up = self.errors = self.rejects = self.cut_short = self.up_bytes = self.down_bytes = 0
        self.lookups = self.lookup_answers = self.lookup_errors = 0
        self.resets = self.hangups = self.ends = self.closes = self.close_us = self.segments = self.answer_bytes = 0
        self.times_us: list[int] = []
        self.lookup_times_us: list[int] = []
        self.gave_up_us: list[int] = []

    def answered(self, wait_us: int) -> None:
        """A request got its first answer."""
        self.responses += 1
        _sample(self.times_us, wait_us, self.responses)

    def abandoned(self, wait_us: int) -> None:
        """A caller gave up on a request."""
        self.gave_up += 1
        _sample(self.gave_up_us, wait_us, self.gave_up)

    def looked_up(self, wait_us: int, *, wrong: bool) -> None:
        """A look-up of the callee's name was answered, or never will be; `wrong`: not with the callee's address."""
        self.lookup_answers += 1
        self.lookup_errors += wrong
        _sample(self.lookup_times_us, wait_us, self.lookup_answers)

    def row(self, second: int, edge: str) -> dict[str, Any]:
        """As it goes over the wire."""
        return {"t_us": second * 1_000_000, "edge": edge} | {name: getattr(self, name) for name in self.__slots__}


class Seconds:
    """Tallies of the last minutes. Not locked."""

    def __init__(self) -> None:
        self._tallies: dict[int, dict[str, Tally]] = {}

    def at(self, t_us: int, edge: str) -> Tally:
        """The tally of an edge in the second that `t_us` lies in."""
        second = t_us // 1_000_000
        edges = self._tallies.get(second)
        if edges is None:
            edges = self._tallies[second] = {}
            for old in [s for s in self._tallies if s < second - KEPT]:
                del self._tallies[old]
        tally = edges.get(edge)
        if tally is None:
            tally = edges[edge] = Tally()
        return tally

    def rows(self, after: int, until: int) -> Iterable[dict[str, Any]]:
        """Rows of the seconds `after < second <= until`, oldest first; edges on which nothing happened have none."""
        for second in sorted(s for s in self._tallies if after < s <= until):
            for edge, tally in self._tallies[second].items():
                yield tally.row(second, edge)


def last_settled(now_us: int) -> int:
    """The newest second to which nothing will be added any more."""
    return (now_us - SETTLED_US) // 1_000_000


def _sample(kept: list[int], value: int, seen: int) -> None:
    """Keeps a uniform sample of everything seen (reservoir)."""
    if len(kept) < SAMPLES:
        kept.append(value)
        return
    place = random.randrange(seen)
    if place < SAMPLES:
        kept[place] = value
