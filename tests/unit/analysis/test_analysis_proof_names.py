"""Proof of faults of names: by the look-ups of the callers themselves, never by the name server's word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from synthetic_run import DB, Run, healthy, injection, traffic

from harness.analysis.judge import judge
from harness.model.fault import Fault
from harness.model.finding import Evidence

Second = Callable[[float, np.random.Generator], dict[str, Any]]
GONE = Fault("unresolved")
LATE = Fault("late-name", params=(("delay", 0.5),))


def asking(wrong: float = 0.0, wait_s: float = 0.001, per_s: int = 10) -> Second:
    """A caller that asks before every connection; a share gets something else than the address."""

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        misled = round(per_s * wrong)
        waits = tuple((1e6 * (wait_s + rng.exponential(0.0005, per_s))).astype(int).tolist())
        asked = {"lookups": per_s, "lookup_answers": per_s, "lookup_errors": misled, "lookup_times_us": waits}
        return healthy(rng, per_s - misled) | asked

    return second


def silent(t: float, rng: np.random.Generator) -> dict[str, Any]:
    """A caller that keeps its connection and never asks."""
    return {"requests": 10, "responses": 10, "up_bytes": 100, "down_bytes": 100}


def effect(fault: Fault, during: Second, before: Second | None = None) -> Evidence:
    usual, faulted = before or asking(), during

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return faulted(t, rng) if 0 <= t < 30 else usual(t, rng)

    return judge(Run(injections=(injection(fault, DB),), edges={DB: second}).record()).injections[0].effect


def test_look_ups_that_got_no_address_prove_it() -> None:
    found = effect(GONE, asking(wrong=1.0))
    assert found.proved and (found.before, found.during) == (0.0, 1.0)
    assert "look-ups misled" in found.measure


def test_a_share_of_look_ups_is_proved_and_a_smaller_one_contradicts_it() -> None:
    half = Fault("dead-address", share=0.5)
    assert effect(half, asking(wrong=0.5)).proved
    found = effect(half, asking(wrong=0.1))
    assert not found.proved and "asked for 50%" in found.reason


def test_true_answers_contradict_it() -> None:
    found = effect(GONE, asking())
    assert not found.proved and "no more than before" in found.reason


def test_a_caller_that_never_asks_leaves_it_unproved_and_is_named() -> None:
    found = effect(GONE, silent, silent)
    assert not found.proved and "never asked for the name while it held" in found.reason


@pytest.mark.parametrize(("wait_s", "proved"), [(0.501, True), (0.1, False)])
def test_a_late_name_is_proved_by_the_waits_of_look_ups(wait_s: float, proved: bool) -> None:
    assert effect(LATE, asking(wait_s=wait_s)).proved is proved


def test_without_traffic_nothing_is_proved() -> None:
    found = effect(LATE, lambda t, rng: {}, traffic())
    assert not found.proved and "no traffic crossed" in found.reason


def together(one: Fault, other: Fault, during: Second, before: Second | None = None) -> list[Evidence]:
    """What becomes of two faults that hold on one edge all the time."""
    usual = before or asking()

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return during(t, rng) if 0 <= t < 30 else usual(t, rng)

    faults = (injection(one, DB, name="one"), injection(other, DB, name="other"))
    return [found.effect for found in judge(Run(injections=faults, edges={DB: second}).record()).injections]


def test_look_ups_are_misled_on_an_edge_that_is_cut_as_well() -> None:
    gone, cut = together(GONE, Fault("hang"), asking(wrong=1.0))
    assert gone.proved, gone.reason
    assert not cut.proved and "masked: one led its callers astray" in cut.reason


@pytest.mark.parametrize("other", [Fault("refuse"), Fault("slow", latency_s=0.3)])
def test_what_callers_never_come_to_is_masked_not_contradicted(other: Fault) -> None:
    """They are sent to an address where nobody answers: connects that are unanswered, no request."""

    def away(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return asking(wrong=1.0)(t, rng) | {"connects": 10, "unanswered": 10}

    _, found = together(Fault("dead-address"), other, away)
    assert not found.proved and "masked: one led its callers astray" in found.reason


def test_callers_that_keep_their_connection_are_not_led_astray_and_contradict() -> None:
    _, found = together(Fault("dead-address"), Fault("slow", latency_s=0.3), steady_callers, steady_callers)
    assert not found.proved and "masked" not in found.reason


def steady_callers(t: float, rng: np.random.Generator) -> dict[str, Any]:
    return healthy(rng, 10) | {"connects": 0}
