"""Proof of faults on single requests: proved when they bit, unproved when they did not, thin when nobody can tell."""

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

ERRORS = (("status", 503), ("rate", 0.3))
FAULTS = {
    "errors": Fault("errors", params=ERRORS),
    "rejects": Fault("errors", params=(("status", 429), ("rate", 0.3))),
    "aborted": Fault("abort", params=(("by", "reset"), ("rate", 0.3))),
    "late": Fault("delay", params=(("latency", 0.3), ("rate", 0.3))),
    "cut_short": Fault("truncate", params=(("after", 500.0), ("rate", 0.3))),
}


def effect(fault: Fault, during: Second | None) -> Evidence:
    run = Run(injections=(injection(fault, DB),), edges={DB: traffic(during)} if during else {})
    return judge(run.record()).injections[0].effect


def struck(name: str, rate: float) -> Second:
    """Seconds in which a share of requests gets what fault `name` is looked for by."""

    def second(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng, 20)
        hit = int(rng.binomial(values["responses"], rate))
        if name == "aborted":
            return values | {"responses": values["responses"] - hit, "times_us": values["times_us"][hit:]}
        if name == "late":
            waits = [wait + 300_000 * (place < hit) for place, wait in enumerate(values["times_us"])]
            return values | {"times_us": tuple(waits)}
        return values | {name: hit}

    return second


@pytest.mark.parametrize("name", FAULTS)
def test_a_share_of_requests_that_was_struck_is_proved_with_its_size(name: str) -> None:
    found = effect(FAULTS[name], struck(name, 0.3))
    assert found.proved, found.reason
    assert found.before == pytest.approx(0.0, abs=0.01)
    assert found.during == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_struck_nobody_is_not_proved(name: str) -> None:
    found = effect(FAULTS[name], traffic())
    assert not found.proved
    assert "was asked for" in found.reason


@pytest.mark.parametrize("name", FAULTS)
def test_a_tenth_of_what_was_asked_for_is_not_a_proof(name: str) -> None:
    assert not effect(FAULTS[name], struck(name, 0.03)).proved


@pytest.mark.parametrize("name", FAULTS)
def test_without_traffic_there_is_no_proof(name: str) -> None:
    assert not effect(FAULTS[name], None).proved


def test_another_class_of_status_is_no_proof() -> None:
    assert not effect(FAULTS["errors"], struck("rejects", 0.3)).proved


def test_a_fault_that_chooses_is_proved_by_any_clear_growth() -> None:
    chosen = Fault("errors", params=(("status", 503), ("rate", 1.0), ("path", "/api")))
    assert effect(chosen, struck("errors", 0.1)).proved
    found = effect(chosen, traffic())
    assert not found.proved and "did any match" in found.reason


def test_requests_whose_caller_gave_up_are_not_taken_for_aborted_ones() -> None:
    def leaving(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng, 20)
        hit = values["responses"] // 3
        left = {"responses": values["responses"] - hit, "gave_up": hit, "times_us": values["times_us"][hit:]}
        return values | left | {"gave_up_us": (900_000,) * hit}

    assert not effect(FAULTS["aborted"], leaving).proved
