"""From questions and answers to the moments at which callers saw a region go and come back. Pure.

A *turn* is told by the callers alone: `first` and `last` are the moments at which the first and the last edge answered
otherwise than before, counted from the call. They include the callers' own rhythm (an edge that asks once in 200 ms
notices up to 200 ms late). `skew` does not: it is the time in which some edges still were as before while others
already were not; all edges together ask thousands of times a second, so that it is exact to a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median

Ping = tuple[int, int, int]
"""Edge number, sent (ns), answered (ns, 0 = never)."""
Good = Callable[[Ping], bool]


@dataclass(frozen=True, slots=True)
class Turn:
    """Milliseconds from a call; `edges` is how many edges turned."""

    first_ms: float
    last_ms: float
    skew_ms: float
    edges: int


def answered_within(limit_s: float) -> Good:
    """Whether an answer came, and in time."""
    return lambda ping: ping[2] > 0 and ping[2] - ping[1] <= limit_s * 1e9


def gone(pings: Iterable[Ping], good: Good, call_ns: int, until_ns: int) -> Turn:
    """Callers observe it: of every edge the first question after `call_ns` that got no good answer."""
    asked = [ping for ping in pings if call_ns <= ping[1] < until_ns]
    bad: dict[int, int] = {}
    for ping in asked:
        if not good(ping):
            bad.setdefault(ping[0], ping[1])
    # What was asked shortly before the end may be answered early by the heal: only answers from within count.
    last_good = max((ping[1] for ping in asked if good(ping) and ping[2] < until_ns), default=call_ns)
    return _turn(bad.values(), last_good, bad.values(), call_ns)


def back(pings: Iterable[Ping], good: Good, call_ns: int, until_ns: int) -> Turn:
    """Callers observe it: of every edge the first good answer to a question asked after `call_ns`."""
    asked = [ping for ping in pings if call_ns <= ping[1] < until_ns]
    sent: dict[int, int] = {}
    came: dict[int, int] = {}
    for ping in asked:
        if good(ping) and ping[0] not in sent:
            sent[ping[0]], came[ping[0]] = ping[1], ping[2]
    last_bad = max((ping[1] for ping in asked if not good(ping)), default=call_ns)
    return _turn(came.values(), last_bad, sent.values(), call_ns)


def _turn(seen: Iterable[int], last_old: int, new: Iterable[int], call_ns: int) -> Turn:
    seen, new = list(seen), list(new)
    if not seen:
        return Turn(0.0, 0.0, 0.0, 0)

    def ms(ns: float) -> float:
        return round(ns / 1e6, 1)

    return Turn(ms(min(seen) - call_ns), ms(max(seen) - call_ns), ms(max(0, last_old - min(new))), len(seen))


def summary(turns: list[Turn]) -> dict[str, dict[str, float] | int]:
    """Median, least and greatest of each figure over the repeats; the fewest edges that turned."""
    found: dict[str, dict[str, float] | int] = {}
    for name in ("first_ms", "last_ms", "skew_ms"):
        values = [asdict(turn)[name] for turn in turns]
        found[name] = {"median": median(values), "min": min(values), "max": max(values)}
    return found | {"edges": min(turn.edges for turn in turns)}
