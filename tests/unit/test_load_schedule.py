"""Intended starts are a pure function of rates and seed."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from math import sqrt
from statistics import mean, pstdev

import pytest

from harness.containers.load.schedule import schedule, starts
from harness.containers.load.wire import Order, Step, Target


def order(*steps: tuple[float, float], weights: tuple[float, ...] = (1.0,), **more: object) -> Order:
    targets = tuple(Target(f"f{i}", "http://a:1/", "GET", "", 1, weight, (200,)) for i, weight in enumerate(weights))
    settings: dict[str, object] = {"duration_s": 100.0, "arrivals": "poisson", "seed": 1, "slots": 1, "recycle": 0}
    return Order(targets, tuple(Step(*step) for step in steps or [(0.0, 200.0)]), **settings | more)  # type: ignore[arg-type]


def gaps_of(due_us: list[int]) -> list[int]:
    return [later - earlier for earlier, later in pairwise(due_us)]


@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_the_same_seed_gives_the_same_schedule_and_another_seed_another(arrivals: str) -> None:
    weights = (1.0, 1.0, 2.0)
    first, again, other = (list(schedule(order(arrivals=arrivals, seed=s, weights=weights))) for s in (3, 3, 4))
    assert first == again
    assert first != other


def test_even_arrivals_are_exactly_even_and_exactly_as_many() -> None:
    due_us = list(starts(order(arrivals="even", duration_s=15.0)))
    assert len(due_us) == 3000
    assert set(gaps_of(due_us)) == {5000}
    assert due_us[0] == 2500


def test_poisson_gaps_are_exponential_with_the_asked_rate() -> None:
    due_us = list(starts(order(duration_s=500.0)))
    gaps = gaps_of(due_us)
    assert len(due_us) == pytest.approx(100_000, abs=4 * sqrt(100_000))
    assert pstdev(gaps) / mean(gaps) == pytest.approx(1.0, abs=0.02)
    beyond_twice_the_mean = sum(gap > 10_000 for gap in gaps) / len(gaps)
    assert beyond_twice_the_mean == pytest.approx(0.1353, abs=0.005)


@pytest.mark.parametrize("arrivals", ["poisson", "even"])
def test_a_rate_holds_from_its_step_to_the_next(arrivals: str) -> None:
    due_us = list(starts(order((0.0, 100.0), (40.0, 0.0), (60.0, 400.0), arrivals=arrivals)))
    counts = [bisect_left(due_us, end * 1_000_000) for end in (40, 60, 100)]
    assert counts[0] == pytest.approx(4000, abs=4 * sqrt(4000))
    assert counts[1] == counts[0]
    assert counts[2] - counts[1] == pytest.approx(16000, abs=4 * sqrt(16000))


def test_nothing_is_due_outside_the_duration() -> None:
    due_us = list(starts(order((0.0, 1000.0), (5.0, 10.0), (50.0, 99.0), duration_s=10.0)))
    assert all(0 <= moment < 10_000_000 for moment in due_us)
    assert due_us == sorted(due_us)


def test_no_rate_at_all_gives_no_arrivals() -> None:
    assert list(starts(order((0.0, 0.0)))) == []


def test_drawn_flows_have_their_shares() -> None:
    counts = Counter(flow for _, flow in schedule(order(weights=(3.0, 7.0, 0.0))))
    total = counts.total()
    assert counts[0] / total == pytest.approx(0.3, abs=0.02)
    assert counts[2] == 0


@pytest.mark.parametrize("weights", [(1.0,), (3.0, 7.0), (1.0,) * 12, (5.0, 1.0, 1.0, 0.3), (0.26, 0.74, 0.0)])
def test_flows_of_even_arrivals_have_their_share_of_every_beginning_to_within_one(weights: tuple[float, ...]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    counts = [0] * len(weights)
    for n, (_, flow) in enumerate(schedule(order(weights=weights, arrivals="even", duration_s=10.0)), start=1):
        counts[flow] += 1
        assert all(abs(count - share * n) <= 1 + 1e-6 for count, share in zip(counts, shares, strict=True))


def test_another_weight_does_not_move_the_starts() -> None:
    one, other = order(weights=(1.0, 1.0)), order(weights=(1.0, 9.0))
    assert [due_us for due_us, _ in schedule(one)] == [due_us for due_us, _ in schedule(other)]
