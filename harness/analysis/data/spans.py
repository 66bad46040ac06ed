"""Half-open stretches of the run's clock: overlap, subtraction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.analysis.data.run import Window


def minus(windows: Iterable[Window], holes: Sequence[Window]) -> list[Window]:
    """What is left of `windows` outside all `holes`."""
    left = [window for window in windows if window[1] > window[0]]
    for hole in holes:
        pieces: list[Window] = []
        for start, end in left:
            pieces += [(start, min(end, hole[0])), (max(start, hole[1]), end)]
        left = [(start, end) for start, end in pieces if end > start]
    return sorted(left)


def overlap_us(window: Window, other: Window) -> int:
    """How long two stretches share."""
    return max(0, min(window[1], other[1]) - max(window[0], other[0]))


def length_s(windows: Iterable[Window]) -> float:
    """Seconds of all windows together."""
    return sum(end - start for start, end in windows) / 1e6
