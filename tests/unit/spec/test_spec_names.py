"""Faults of names: what is told to the name server, where they cannot be, and what of the stack they need."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.faults.catalogue import effect_of, fault_words
from harness.model.effect import Effect, compose
from harness.model.names import NameAnswer, NameRule
from harness.model.plan import Plan
from harness.wiring.stack import _looked_up

Load = Callable[..., Plan]
Listing = Callable[..., list[str]]


def file(*faults: str) -> str:
    return f"version: 1\ntimeline:\n  - {{phase: gone, for: 20s, faults: [{', '.join(faults)}]}}\n"


@pytest.mark.parametrize(
    ("fault", "rule", "words"),
    [
        ("unresolved: true", NameRule(NameAnswer.ABSENT), "unresolved"),
        ("unresolved: {answer: failing}, share: 25%", NameRule(NameAnswer.FAILING, share=0.25), "25 % of look-ups"),
        ("late-name: 800ms", NameRule(delay_ms=800), "late-name 800 ms"),
        ("dead-address: {host: refusing}", NameRule(NameAnswer.REFUSING), "dead-address host refusing"),
        ("dead-address: true", NameRule(NameAnswer.SILENT), "dead-address"),
    ],
)
def test_a_fault_of_a_name_is_a_rule_for_look_ups(load: Load, fault: str, rule: NameRule, words: str) -> None:
    (one,) = load(file(f"{{on: web->idp, {fault}}}")).injections
    effect = effect_of(one.fault, 0.0)
    assert effect == Effect(name=rule) == Effect.from_wire(effect.to_wire())
    assert words in fault_words(one.fault)


def test_a_place_stands_for_the_calls_of_services_into_it_and_not_for_clients(load: Load) -> None:
    plan = load(file("{on: us-east-1, unresolved: true}"))
    assert "load->web:8080" not in plan.injections[0].edges and "web->checkout:8080" in plan.injections[0].edges


def test_both_arms_ask_for_the_names_that_one_of_them_breaks(load: Load) -> None:
    text = file("{on: web->idp, late-name: 1s}", "{on: checkout->db, slow: 1s}")
    for plan in (load(text), load(text, without_faults=True)):
        assert _looked_up(plan.stack, plan) == {("web", "idp")}
    stack = load(text).stack
    assert ("load", "web") not in _looked_up(stack, None) and ("db", "replica") in _looked_up(stack, None)


def test_rules_of_several_faults_hold_together_and_beside_what_edges_take() -> None:
    late, gone = NameRule(delay_ms=50), NameRule(NameAnswer.ABSENT, share=0.5)
    state = compose([Effect(name=late), Effect(name=gone), Effect(latency_ms=20)])
    assert (state.names, state.shape.latency_ms) == ((late, gone), 20)


@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        (["{on: load->web, unresolved: true}"], "'load->web' is only called by clients outside"),
        (["{on: web->idp, late-name: true}"], "late-name"),
        (["{on: web->idp, unresolved: {answer: gone}}"], "absent"),
        (
            ["{id: a, on: web->idp, unresolved: true}", "{id: b, on: web->idp, dead-address: true}"],
            "'a', 'b' cannot hold together: absent and silent: a look-up gets one answer",
        ),
    ],
)
def test_what_cannot_be_is_refused(problems: Listing, faults: list[str], problem: str) -> None:
    assert any(problem in text for text in problems(file(*faults))), problems(file(*faults))
