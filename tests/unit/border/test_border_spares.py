"""A delay that climbs: what waits in it goes on waiting when the next step comes."""

from __future__ import annotations

import random

import pytest

from harness.containers.border.spares import DELAY, IDLE, SPARE, Step, folded, kind_of, steps

Toxics = dict[str, dict[str, int]]
BESIDE: Toxics = {"bandwidth_upstream": {"rate": 9}, "timeout_downstream": {"timeout": 0}}


class Chain:
    """The delays of a proxy in the order of Toxiproxy's chain, and bytes that came in at 0 and wait in one of them.

    As link.go and toxic_latency.go of 2.12 have it: a delay that is changed or taken away hands what it holds to the
    next one (or out), a new one at the end makes the last one do so to where it led until then.
    """

    def __init__(self) -> None:
        self.toxics: Toxics = {}
        self.waits: str | None = None
        self.let_go = 0

    def carry_out(self, step: Step) -> None:
        assert step.toxic != SPARE and kind_of(step.toxic) == ("latency", "upstream")
        order = list(self.toxics)
        if step.verb == "add":
            assert step.toxic not in self.toxics
            if order and self.waits == order[-1]:
                self._out()
            self.toxics[step.toxic] = dict(step.attributes)
            return
        if self.waits == step.toxic:
            self._on(order[order.index(step.toxic) + 1 :])
        if step.verb == "set":
            self.toxics[step.toxic] = dict(step.attributes)
        else:
            del self.toxics[step.toxic]

    def _on(self, later: list[str]) -> None:
        self.waits = next((name for name in later if any(self.toxics[name].values())), None)
        self.let_go += self.waits is None

    def _out(self) -> None:
        self.waits, self.let_go = None, self.let_go + 1

    def want(self, wanted: Toxics) -> None:
        for step in steps(wanted, self.toxics | BESIDE):
            self.carry_out(step)
        assert folded(self.toxics | BESIDE) == wanted | BESIDE, "what was wanted is read back"
        assert list(steps(wanted, self.toxics)) == [], "and nothing is left to do"

    def arrive(self) -> None:
        """Bytes come in and wait in the delay."""
        self.waits = next(name for name, attributes in self.toxics.items() if any(attributes.values()))


def delay(ms: int, *, climbs: bool = True, jitter: int = 0) -> Toxics:
    found: Toxics = {DELAY: {"latency": ms, "jitter": jitter}} if ms or jitter else {}
    return found | ({SPARE: {}} if climbs else {})


def test_no_step_of_a_climb_lets_go_what_waits() -> None:
    chain = Chain()
    chain.want(delay(2500))
    for ms in range(2300, 0, -200):
        chain.arrive()
        chain.want(delay(ms))
        assert chain.let_go == 0 and chain.waits is not None
    assert len(chain.toxics) == 3


def test_at_the_end_of_a_climb_one_delay_under_its_own_name_is_left_and_takes_over_what_waits() -> None:
    chain = Chain()
    for ms in (100, 200, 300):
        chain.want(delay(ms))
    chain.arrive()
    chain.want(delay(65, climbs=False))
    assert chain.toxics == {DELAY: {"latency": 65, "jitter": 0}} and chain.let_go == 0
    chain.want(delay(0, climbs=False))
    assert chain.toxics == {}


def test_a_delay_that_does_not_climb_is_one_call() -> None:
    assert list(steps(delay(300, climbs=False), {})) == [Step("add", DELAY, {"latency": 300, "jitter": 0})]
    held: Toxics = {DELAY: {"latency": 65, "jitter": 0}}
    assert list(steps(delay(365, climbs=False), held)) == [Step("set", DELAY, {"latency": 365, "jitter": 0})]
    assert folded(held | BESIDE) == held | BESIDE


@pytest.mark.parametrize("seed", range(40))
def test_any_sequence_of_wishes_is_met_and_read_back(seed: int) -> None:
    draw, chain = random.Random(seed), Chain()
    for _ in range(30):
        chain.want(delay(draw.choice([0, 65, 100, 365]), climbs=draw.random() < 0.6, jitter=draw.choice([0, 5])))
    chain.want({})
    assert chain.toxics == {}


def test_two_delays_in_use_are_read_as_the_delay_that_they_make() -> None:
    halfway = {DELAY: {"latency": 100, "jitter": 5}, "latency.1_upstream": {"latency": 200, "jitter": 0}}
    assert folded(halfway | {"latency.2_upstream": dict(IDLE)})[DELAY] == {"latency": 300, "jitter": 5}
    assert list(steps(delay(200), halfway)) != []
