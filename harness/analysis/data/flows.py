"""Arrivals of one flow as sorted columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.analysis.data.arrays import SECOND_US, Bools, Ints
from harness.model.load import Outcome, Sample
from harness.model.record import PhaseWindow

CENSORED = frozenset({Outcome.TIMEOUT, Outcome.NO_SLOT})
"""Outcomes whose latency is only known to be beyond their deadline."""


@dataclass(frozen=True, slots=True)
class FlowRows:
    """One row per intended arrival, sorted by when it was due; microseconds of the run's clock."""

    due: Ints
    latency: Ints
    ok: Bools
    censored: Bools

    def __len__(self) -> int:
        return len(self.due)

    def between(self, windows: Iterable[tuple[int, int]]) -> FlowRows:
        """Rows due in any of the half-open `windows`."""
        pieces = [slice(*np.searchsorted(self.due, window)) for window in windows]
        if len(pieces) == 1:
            return self._take(pieces[0])
        index = np.concatenate([np.arange(p.start, p.stop) for p in pieces]) if pieces else np.zeros(0, np.int64)
        return FlowRows(self.due[index], self.latency[index], self.ok[index], self.censored[index])

    def _take(self, piece: slice) -> FlowRows:
        return FlowRows(self.due[piece], self.latency[piece], self.ok[piece], self.censored[piece])

    def per_second(self, windows: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
        """Good and intended per second of the windows, one after the other; a part second at an end is left out."""
        good, intended = [], []
        for start, end in windows:
            edges = np.arange(start, end + 1, SECOND_US, dtype=np.int64)
            if len(edges) < 2:
                continue
            cut = np.searchsorted(self.due, edges)
            total = np.concatenate(([0], np.cumsum(self.ok)))
            good.append(np.diff(total[cut]))
            intended.append(np.diff(cut))
        empty = np.zeros(0, np.int64)
        return (np.concatenate(good), np.concatenate(intended)) if good else (empty, empty)


def flow_rows(samples: Sequence[Sample]) -> dict[str, FlowRows]:
    """All flows of a run by name."""
    names: dict[str, list[Sample]] = {}
    for sample in samples:
        names.setdefault(sample.flow, []).append(sample)
    return {name: _columns(rows) for name, rows in names.items()}


EMPTY = FlowRows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros(0, np.bool_))


def _columns(rows: list[Sample]) -> FlowRows:
    rows.sort(key=lambda sample: sample.due_us)
    outcomes = [sample.outcome for sample in rows]
    return FlowRows(
        due=np.array([sample.due_us for sample in rows], np.int64),
        latency=np.array([sample.latency_us for sample in rows], np.int64),
        ok=np.array([outcome is Outcome.OK for outcome in outcomes], np.bool_),
        censored=np.array([outcome in CENSORED for outcome in outcomes], np.bool_),
    )


def window_of(phase: PhaseWindow) -> tuple[int, int]:
    """The half-open interval of a phase, never of negative length."""
    return phase.start_us, max(phase.start_us, phase.end_us)
