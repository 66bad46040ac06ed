"""Which seconds of an edge lie in a window: seconds as the border counted them, which begin when its clock says."""

from __future__ import annotations

from harness.analysis.data.edges import NO_ROWS, EdgeRows, edge_rows
from harness.model.record import EdgeSecond

S = 1_000_000
OFFSET = 900_000
"""The border's seconds begin this long after those of the run."""


def rows_of(per_second: list[int]) -> EdgeRows:
    """One edge, from the border's first second on."""
    seconds = [EdgeSecond(OFFSET + n * S, "a->b", down_bytes=size) for n, size in enumerate(per_second) if size]
    return edge_rows(seconds)["a->b"]


def test_a_second_that_reaches_over_the_end_of_a_window_is_not_in_it() -> None:
    """A cut that ended at 5.0 s: what came back at 5.3 s was counted in the second that began at 4.9 s."""
    rows = rows_of([100, 0, 0, 0, 80, 100])
    assert list(rows.grid(rows.counts["down_bytes"], [(1 * S, 5 * S)])) == [0, 0, 0]


def test_seconds_without_a_row_count_as_nothing() -> None:
    rows = rows_of([7, 0, 9])
    assert list(rows.grid(rows.counts["down_bytes"], [(0, 4 * S)])) == [7, 0, 9]


def test_windows_shorter_than_a_whole_second_have_none() -> None:
    rows = rows_of([5, 5, 5])
    assert rows.whole_seconds([(1 * S, 2 * S)]) == []
    assert len(rows.grid(rows.counts["down_bytes"], [(1 * S, 2 * S)])) == 0


def test_an_edge_that_carried_nothing_has_silent_seconds() -> None:
    assert list(NO_ROWS.grid(NO_ROWS.counts["down_bytes"], [(0, 2 * S)])) == [0, 0]
