"""Faults on single requests in a file: which edges they take, and what is refused before anything is touched."""

from __future__ import annotations

from collections.abc import Callable

from harness.model.plan import Plan

FILE = """version: 1
break: {on}
how: {how}
for: 20s
"""


def test_all_forms_of_the_grammar_mean_the_same(load: Callable[..., Plan]) -> None:
    forms = ["{errors: {status: 503}}", "{errors: 503}", "{errors: true}", "errors"]
    faults = [load(FILE.format(on="web->checkout", how=how)).injections[0].fault for how in forms]
    assert {fault.kind for fault in faults} == {"errors"}
    assert {fault.number("status") for fault in faults} == {503.0}


def test_of_a_place_only_edges_marked_http_are_taken(load: Callable[..., Plan]) -> None:
    plan = load(FILE.format(on="us-east-1", how="{errors: {status: 503, rate: 30%}}"))
    assert plan.injections[0].edges == ("load->web:8080", "web->checkout:8080")


def test_an_edge_that_is_not_marked_is_refused_with_what_to_write(problems: Callable[..., list[str]]) -> None:
    found = problems(FILE.format(on='"checkout->db"', how="{abort: reset}"))
    assert found == [
        "2:8 no edge of 'checkout->db' is marked http, so its requests cannot be told apart;"
        " write db:5432/http in regionfall.calls of checkout"
    ]


def test_a_share_of_connections_and_a_status_out_of_bounds_are_refused(problems: Callable[..., list[str]]) -> None:
    text = FILE.format(on='"web->checkout"', how="{errors: {status: 200}, share: 30%}")
    found = problems(text)
    assert any("400" in problem for problem in found) or any("at least 400" in problem for problem in found)
    text = FILE.format(on='"web->checkout"', how="{errors: {status: 500}, share: 30%}")
    assert ["write rate inside it" in problem for problem in problems(text)] == [True]


def test_two_lengths_of_answers_on_one_edge_are_refused_at_plan_time(problems: Callable[..., list[str]]) -> None:
    text = """version: 1
timeline:
  - phase: gone
    for: 20s
    faults:
      - {on: "web->checkout", truncate: 500B}
      - {on: "web->checkout", truncate: 900B}
load: {rate: 20/s}
"""
    assert any("cannot hold together" in problem and "500 and after 900" in problem for problem in problems(text))
