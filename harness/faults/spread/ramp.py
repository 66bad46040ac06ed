"""ramp: any fault that acts on edges takes them one part after the other, until it has all."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from harness.faults.contract import ParameterError
from harness.faults.parameters import Parameter, Unit
from harness.faults.spread.contract import Spread
from harness.model.fault import Ramp
from harness.model.stack import Edge
from harness.model.units import duration_text

SHORTEST_S = 2.0
"""Less cannot be proved on the part that was just taken."""


def build(over_s: float, steps: int, hold_s: float, edges: int) -> Ramp:
    """In `steps` equal parts over `over_s` of a hold of `hold_s` wall seconds; ParameterError if it cannot be."""
    if steps > edges:
        raise ParameterError("steps", f"{edges} edges cannot be taken in {steps} steps; write at most {edges}")
    if over_s / steps < SHORTEST_S - 1e-9:
        text = f"{steps} steps over {duration_text(over_s)} last {duration_text(over_s / steps)} each"
        raise ParameterError("over", f"{text}; write at least {duration_text(SHORTEST_S * steps)}")
    if over_s > hold_s + 1e-9:
        text = f"a ramp over {duration_text(over_s)} does not fit: the fault holds for {duration_text(hold_s)}"
        raise ParameterError("over", text)
    return Ramp(over_s, steps)


def begins(ramp: Ramp, index: int, edges: int) -> float:
    """Seconds after the fault's start at which it takes edge number `index` (from 0) of so many."""
    return step_of(ramp, index, edges) * ramp.over_s / ramp.steps


def step_of(ramp: Ramp, index: int, edges: int) -> int:
    """The step, from 0, in which it takes an edge."""
    return index * ramp.steps // edges


def changes(ramp: Ramp) -> Iterable[float]:
    """Seconds after its start at which it takes more edges."""
    return (step * ramp.over_s / ramp.steps for step in range(1, ramp.steps))


def shuffled(edges: Sequence[Edge], key: str) -> tuple[Edge, ...]:
    """The order in which edges are taken; the same `key` (seed and injection) gives the same one on any machine."""
    ordered = list(edges)
    random.Random(key).shuffle(ordered)
    return tuple(ordered)


def words(ramp: Ramp) -> str:
    """`piece by piece over 20 s, in 4 steps`."""
    return f"piece by piece over {duration_text(ramp.over_s)}, in {ramp.steps} steps"


SPREAD = Spread(
    kind="ramp",
    symptom="any fault on edges takes its target piece by piece: first some edges, after a while all of them",
    driver="the runner tells the proxies at each step; one injection all the time",
    undo="as the fault",
    parameters=(
        Parameter("over", Unit.DURATION, "until it has all edges; wall time", low=2 * SHORTEST_S, short=True,
                  example="8s"),
        Parameter("steps", Unit.COUNT, "equal parts, in an order that the seed draws", default=4, low=2, high=100),
    ),
    example="{on: us-east-1, refuse: true, ramp: {over: 9s, steps: 3}}",
    proof="as the fault, on each edge from the step on that took it",
    cannot="take single connections of one edge (share does), nor services and flags",
)  # fmt: skip
