"""Whatever moved on an edge: shares of failures, waits, requests, bytes. For faults that do not say what to expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import Bools, Ints
from harness.analysis.data.edges import EdgeRows
from harness.analysis.data.run import Window
from harness.analysis.stats.two_sample import ALPHA, MIN_N, larger, rate_moved, share_moved

SHARES = (
    ("share of answers that are errors (5xx)", "errors", "responses"),
    ("share of answers that are rejections (4xx)", "rejects", "responses"),
    ("share of new connections refused", "refused", "connects"),
    ("share of new connections unanswered", "unanswered", "connects"),
    ("share of requests given up", "gave_up", "requests"),
)
SHARE_FLOOR, WAIT_FLOOR_US, WAIT_FACTOR, RATE_FLOOR = 0.05, 5_000.0, 0.5, 0.2
CERTAIN = frozenset(name for name, _, _ in SHARES)
"""Measures that ordinary changes of load do not move."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One measure that moved, significantly and by more than its floor. `size` 0–1 orders measures."""

    measure: str
    before: float
    during: float
    n_before: int
    n_during: int
    size: float


def moved(rows: EdgeRows, before: Sequence[Window], during: Sequence[Window], alpha: float = ALPHA) -> list[Moved]:
    """Everything that moved between two sets of seconds, strongest first."""
    found = [*_shares(rows, before, during, alpha), *_waits(rows, before, during, alpha)]
    found += _rates(rows, before, during, alpha)
    return sorted(found, key=lambda one: -one.size)


def _shares(rows: EdgeRows, before: Sequence[Window], during: Sequence[Window], alpha: float) -> Iterator[Moved]:
    first, second = rows.within(before), rows.within(during)
    for measure, part, whole in SHARES:
        k, n = rows.total(part, second), rows.total(whole, second)
        if k == 0 and rows.total(part, first) == 0:
            continue
        one, two = _usual(rows, first, part, whole), (min(k, n), n)
        if share_moved(one, two, SHARE_FLOOR, alpha):
            was, now = one[0] / one[1], two[0] / two[1]
            yield Moved(measure, was, now, one[1], two[1], abs(now - was))


def _usual(rows: EdgeRows, mask: Bools, part: str, whole: str) -> tuple[int, int]:
    """Part and whole before. An edge that lived on kept connections opened none, and none of them failed."""
    k, n = rows.total(part, mask), rows.total(whole, mask)
    if n == 0 and whole == "connects":
        n = rows.total("responses", mask)
    return min(k, n), n


def _waits(rows: EdgeRows, before: Sequence[Window], during: Sequence[Window], alpha: float) -> Iterator[Moved]:
    one, two = (_all_waits(rows, part) for part in (before, during))
    if len(one) < MIN_N or len(two) < MIN_N:
        return
    was, now = float(np.median(one)), float(np.median(two))
    if abs(now - was) <= max(WAIT_FLOOR_US, WAIT_FACTOR * min(was, now)):
        return
    chance = larger(one, two) if now > was else larger(two, one)
    if chance < alpha / 2:
        size = 1 - min(was, now) / max(was, now, 1.0)
        yield Moved("median wait (s)", was / 1e6, now / 1e6, len(one), len(two), 0.9 * size)


def _all_waits(rows: EdgeRows, windows: Sequence[Window]) -> Ints:
    mask = rows.within(windows)
    return np.concatenate((rows.answered(mask), rows.abandoned(mask)))


def _rates(rows: EdgeRows, before: Sequence[Window], during: Sequence[Window], alpha: float) -> Iterator[Moved]:
    series: tuple[tuple[str, Callable[[], Ints]], ...] = (
        ("answers/s", lambda: rows.counts["responses"]),
        ("requests/s", lambda: rows.counts["requests"]),
        ("bytes/s", lambda: rows.bytes_both),
    )
    for measure, values in series:
        one, two = rows.grid(values(), before), rows.grid(values(), during)
        if rate_moved(one, two, RATE_FLOOR, alpha):
            was, now = float(one.mean()), float(two.mean())
            yield Moved(measure, was, now, len(one), len(two), 0.5 * (1 - min(was, now) / max(was, now)))
