"""The region benchmark reads moments out of questions and answers; checked on made-up callers."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from observed import answered_within, back, gone

MS = 1_000_000


def crowd(cut_ms: dict[int, float], lift_ms: dict[int, float], period_ms: int = 10, until_ms: int = 400) -> list:
    """Every edge asks every `period_ms`, one after the other; none is answered while it is cut."""
    pings = []
    for edge in cut_ms:
        for sent in range(edge * period_ms // len(cut_ms), until_ms, period_ms):
            dead = cut_ms[edge] <= sent < lift_ms[edge]
            pings.append((edge, sent * MS, 0 if dead else (sent + 1) * MS))
    return sorted(pings, key=lambda ping: ping[1])


def test_edges_that_go_together_have_no_skew_although_callers_notice_one_after_the_other():
    pings = crowd(dict.fromkeys(range(5), 100), dict.fromkeys(range(5), 300))
    turn = gone(pings, answered_within(1), 100 * MS, 300 * MS)
    assert (turn.edges, turn.skew_ms, turn.first_ms, turn.last_ms) == (5, 0.0, 0.0, 8.0)


def test_edges_that_go_one_after_the_other_have_the_skew_between_first_and_last():
    pings = crowd({edge: 100 + 20 * edge for edge in range(5)}, dict.fromkeys(range(5), 300))
    turn = gone(pings, answered_within(1), 100 * MS, 300 * MS)
    assert turn.edges == 5
    assert 70 <= turn.skew_ms <= 80
    assert turn.last_ms >= 80


def test_an_edge_is_back_with_its_first_answer_and_an_edge_that_stays_away_is_not_counted():
    lifted = {edge: 300 + 10 * edge for edge in range(4)} | {4: 1000}
    pings = crowd(dict.fromkeys(range(5), 100), lifted)
    turn = back(pings, answered_within(1), 300 * MS, 400 * MS)
    assert turn.edges == 4
    assert 30 <= turn.last_ms <= 45


def test_an_answer_that_is_late_is_not_good():
    late = [(0, 0, 300 * MS), (1, MS, 2 * MS)]
    assert gone(late, answered_within(0.15), 0, 500 * MS).edges == 1
