"""What the borders saw, as columns: one row per edge and second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Bools, Floats, Ints
from harness.model.record import EdgeSecond

COUNTS = (
    "up_bytes",
    "down_bytes",
    "connects",
    "refused",
    "unanswered",
    "requests",
    "responses",
    "gave_up",
    "errors",
    "rejects",
    "lookups",
    "lookup_answers",
    "lookup_errors",
    "cut_short",
    "resets",
    "hangups",
    "ends",
    "closes",
    "close_us",
    "segments",
    "answer_bytes",
)


@dataclass(frozen=True, slots=True)
class EdgeRows:
    """Seconds of one edge, sorted. A second without a row carried nothing.

    `waits` are sampled times from request to first answer, `gave_up_waits` those of callers that left first ("at
    least this"), `lookup_waits` those for the callee's address; `*_row` is the row that each belongs to.
    """

    t: Ints
    counts: dict[str, Ints]
    waits: Ints
    waits_row: Ints
    gave_up_waits: Ints
    gave_up_row: Ints
    lookup_waits: Ints
    lookup_row: Ints

    def within(self, windows: Iterable[tuple[int, int]]) -> Bools:
        """Rows whose whole second lies in one of the windows."""
        mask = np.zeros(len(self.t), np.bool_)
        for start, end in windows:
            mask |= (self.t >= start) & (self.t + SECOND_US <= end)
        return mask

    def starting(self, windows: Iterable[tuple[int, int]]) -> Bools:
        """Rows whose second begins in one of the half-open windows."""
        mask = np.zeros(len(self.t), np.bool_)
        for start, end in windows:
            mask |= (self.t >= start) & (self.t < end)
        return mask

    def overlapping(self, windows: Iterable[tuple[int, int]]) -> Bools:
        """Rows whose second touches one of the windows."""
        mask = np.zeros(len(self.t), np.bool_)
        for start, end in windows:
            mask |= (self.t + SECOND_US > start) & (self.t < end)
        return mask

    def total(self, name: str, mask: Bools) -> int:
        """Sum of one count over the rows of `mask`."""
        return int(self.counts[name][mask].sum())

    def answered(self, mask: Bools) -> Ints:
        """Waits of answered requests in the rows of `mask`, microseconds."""
        return self.waits[mask[self.waits_row]] if len(self.waits) else self.waits

    def abandoned(self, mask: Bools) -> Ints:
        """Waits after which callers gave up, in the rows of `mask`, microseconds."""
        return self.gave_up_waits[mask[self.gave_up_row]] if len(self.gave_up_waits) else self.gave_up_waits

    def looked_up(self, mask: Bools) -> Ints:
        """Waits for an answer to a look-up in the rows of `mask`, microseconds."""
        return self.lookup_waits[mask[self.lookup_row]] if len(self.lookup_waits) else self.lookup_waits

    @property
    def bytes_both(self) -> Ints:
        """Bytes of both directions by row."""
        both: Ints = self.counts["up_bytes"] + self.counts["down_bytes"]
        return both

    def whole_seconds(self, windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """The windows cut to seconds as this edge was counted: a second across their border belongs to neither side."""
        offset = int(self.t[0] % SECOND_US) if len(self.t) else 0
        cut = ((start + (offset - start) % SECOND_US, end - (end - offset) % SECOND_US) for start, end in windows)
        return [(start, end) for start, end in cut if end > start] if len(self.t) else list(windows)

    def grid(self, values: Ints, windows: Sequence[tuple[int, int]]) -> Floats:
        """`values` by whole second of the windows, as this edge was counted; seconds without a row as 0."""
        parts = []
        for start, end in self.whole_seconds(windows):
            seconds = (end - start) // SECOND_US
            if seconds <= 0:
                continue
            mask = (self.t >= start) & (self.t < start + seconds * SECOND_US)
            index = (self.t[mask] - start) // SECOND_US
            parts.append(np.bincount(index, weights=values[mask], minlength=seconds).astype(np.float64))
        return np.concatenate(parts) if parts else np.zeros(0, np.float64)


def edge_rows(seconds: Sequence[EdgeSecond]) -> dict[str, EdgeRows]:
    """All edges of a run by id."""
    names: dict[str, list[EdgeSecond]] = {}
    for row in seconds:
        names.setdefault(row.edge, []).append(row)
    return {name: _columns(rows) for name, rows in names.items()}


def _columns(rows: list[EdgeSecond]) -> EdgeRows:
    rows.sort(key=lambda row: row.t_us)
    waits, waits_row = _flat([row.times_us for row in rows])
    left, left_row = _flat([row.gave_up_us for row in rows])
    looked, looked_row = _flat([row.lookup_times_us for row in rows])
    counts = {name: np.array([getattr(row, name) for row in rows], np.int64) for name in COUNTS}
    return EdgeRows(
        np.array([row.t_us for row in rows], np.int64), counts, waits, waits_row, left, left_row, looked, looked_row
    )


def _flat(lists: list[tuple[int, ...]]) -> tuple[Ints, Ints]:
    lengths = np.array([len(values) for values in lists], np.int64)
    flat = np.fromiter(chain.from_iterable(lists), np.int64, count=int(lengths.sum()))
    return flat, np.repeat(np.arange(len(lists), dtype=np.int64), lengths)


NO_ROWS = EdgeRows(
    np.zeros(0, np.int64),
    {name: np.zeros(0, np.int64) for name in COUNTS},
    *(np.zeros(0, np.int64) for _ in range(6)),
)
