"""Intended starts: a pure function of the order and its seed.

A process of rate 1 (exponential gaps, or even ones) is mapped through the inverse of the cumulative rate, so any
piecewise constant rate comes out exact. Which flow an arrival belongs to is drawn from a stream of its own, so that
another weight does not move the starts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

from harness.containers.load.wire import Order, Step

POISSON = "poisson"
EVEN = "even"


def schedule(order: Order) -> Iterator[tuple[int, int]]:
    """(due in µs of the run's clock, index of the flow) of every arrival, in order of time."""
    weights = [target.weight for target in order.targets]
    flows = _shuffled_in_turn(weights, order.seed) if order.arrivals == EVEN else _drawn(weights, order.seed)
    return zip(starts(order), flows, strict=False)


def starts(order: Order) -> Iterator[int]:
    """Due times alone, µs, in [0, duration)."""
    units = _even_units() if order.arrivals == EVEN else _poisson_units(order.seed)
    return _mapped(units, order.steps, order.duration_s)


def _poisson_units(seed: int) -> Iterator[float]:
    draw = Random(f"{seed}/starts").expovariate
    moment = 0.0
    while True:
        moment += draw(1.0)
        yield moment


def _even_units() -> Iterator[float]:
    count = 0
    while True:
        yield count + 0.5
        count += 1


def _mapped(units: Iterator[float], steps: Sequence[Step], duration_s: float) -> Iterator[int]:
    """Unit moments mapped to times at which the cumulative rate reaches them."""
    ends = [step.start_s for step in steps[1:]] + [duration_s]
    unit, passed = next(units), 0.0
    for step, end in zip(steps, ends, strict=True):
        begin, end = min(step.start_s, duration_s), min(end, duration_s)
        mass = step.per_s * (end - begin)
        last_us = round(end * 1e6) - 1
        while unit < passed + mass:
            yield min(round((begin + (unit - passed) / step.per_s) * 1e6), last_us)
            unit = next(units)
        passed += mass


def _drawn(weights: Sequence[float], seed: int) -> Iterator[int]:
    """Independent draws: each flow is a Poisson process of its own."""
    edges = list(accumulate(weights))
    draw = Random(f"{seed}/flows").random
    last = len(weights) - 1
    while True:
        yield min(bisect_right(edges, draw() * edges[-1]), last)


def _shuffled_in_turn(weights: Sequence[float], seed: int) -> Iterator[int]:
    """Earliest deadline first: after any n arrivals every flow has its share of n, to within one.

    The k-th arrival of a flow with share s belongs into places [(k-1)/s, k/s); the seed decides ties only.
    """
    total = sum(weights)
    shares = [weight / total for weight in weights]
    order = [index for index in range(len(weights)) if shares[index] > 0]
    Random(f"{seed}/flows").shuffle(order)
    given = [0] * len(weights)
    place = 0
    while True:
        released = [index for index in order if given[index] < shares[index] * (place + 1) - 1e-9] or order
        flow = min(released, key=lambda index: (given[index] + 1) / shares[index])
        given[flow] += 1
        place += 1
        yield flow
