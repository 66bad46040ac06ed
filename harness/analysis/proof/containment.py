"""Contained: the canary round trips of every proxy container, outside all selections, did not move while it held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Bools, Floats, Ints
from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData
from harness.model.finding import Evidence
from harness.model.plan import STEADY
from harness.model.record import CanarySecond

FLOOR_US, FACTOR = 5_000.0, 0.5
FAILED_SHARE = 0.01
MEASURE = "median round trip of the control connection (s)"


@dataclass(frozen=True, slots=True)
class CanaryRows:
    """Seconds of one border's canary, sorted."""

    border: str
    t: Ints
    n: Ints
    failed: Ints
    p50: Floats


def canary_rows(canary: tuple[CanarySecond, ...]) -> list[CanaryRows]:
    """All borders, in order of name."""
    names: dict[str, list[CanarySecond]] = {}
    for row in canary:
        names.setdefault(row.border, []).append(row)
    return [_columns(name, sorted(rows, key=lambda row: row.t_us)) for name, rows in sorted(names.items())]


def contained(run: RunData, hold: Hold, canary: list[CanaryRows]) -> Evidence:
    """False with the border and the reason if any of them moved, failed, fell silent, or was not measured."""
    if hold.window is None:
        return Evidence(False, reason="it never held")
    if not canary:
        return Evidence(False, reason="no control connection was measured")
    answers = [_one(run, hold, rows) for rows in canary]
    broken = [answer for answer in answers if not answer.proved]
    return max(broken or answers, key=lambda answer: (answer.during or 0) / max(answer.before or 1e-6, 1e-6))


def _one(run: RunData, hold: Hold, rows: CanaryRows) -> Evidence:
    start, end = hold.window or (0, 0)
    steady = run.windows.get(STEADY, (run.zero_us, run.zero_us))[0]
    before = (rows.t >= steady) & (rows.t + SECOND_US <= start)
    during = (rows.t >= start) & (rows.t + SECOND_US <= end)
    was, now = _median(rows, before), _median(rows, during)
    reason = next(_problems(rows, before, during, (start, end)), "")
    shown = f"{rows.border}: {reason}" if reason else f"{rows.border} and all others within bounds"
    n = int(rows.n[before].sum()), int(rows.n[during].sum())
    return Evidence(not reason, f"{MEASURE}, {rows.border}", was, now, *n, reason=shown)


def _problems(rows: CanaryRows, before: Bools, during: Bools, window: tuple[int, int]) -> Iterator[str]:
    seconds, seen = max(0, (window[1] - window[0]) // SECOND_US - 1), int(during.sum())
    if not before.any():
        yield "not measured before it held"
    if seconds - seen > max(2, 0.1 * seconds):
        yield f"silent in {seconds - seen} of {seconds} seconds"
    failed, tries = int(rows.failed[during].sum()), int(rows.n[during].sum())
    if failed >= 2 and failed > FAILED_SHARE * (tries + failed) and failed > _usual(rows, before, tries):
        yield f"{failed} round trips failed"
    was = _median(rows, before)
    if was is not None and during.any():
        limit = 1e6 * was + max(FLOOR_US, FACTOR * 1e6 * was)
        beyond = rows.p50[during] > limit
        if float(np.median(rows.p50[during])) > limit or _longest(beyond) >= max(5, 0.2 * seen):
            yield f"moved from {was * 1e3:.3g} ms to {np.quantile(rows.p50[during], 0.9) / 1e3:.3g} ms"


def _usual(rows: CanaryRows, before: Bools, tries: int) -> float:
    failed, done = float(rows.failed[before].sum()), float(rows.n[before].sum())
    return 2 * failed / (failed + done) * tries if failed + done else 0.0


def _longest(flags: Bools) -> int:
    longest = current = 0
    for flag in flags:
        current = current + 1 if flag else 0
        longest = max(longest, current)
    return longest


def _median(rows: CanaryRows, mask: Bools) -> float | None:
    values = rows.p50[mask & (rows.n > 0)]
    return float(np.median(values)) / 1e6 if len(values) else None


def _columns(name: str, rows: list[CanarySecond]) -> CanaryRows:
    return CanaryRows(
        name,
        np.array([row.t_us for row in rows], np.int64),
        np.array([row.n for row in rows], np.int64),
        np.array([row.failed for row in rows], np.int64),
        np.array([row.p50_us for row in rows], np.float64),
    )
