"""`--set KEY.PATH=VALUE`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.model.plan import Plan

Load = Callable[..., Plan]

TEXT = """version: 1
stack: {environment: {checkout: {POSTURE: WARM}}}
load: {rate: 60/s, flows: {web: {}, static.v2: {service: static}}}
timeline:
  - {phase: gone, for: 30s, faults: [{id: f, on: db, hang: true}]}
  - {phase: after, for: 30s}
expect: {web: {availability: ">= 90%"}}
"""


def test_a_value_is_replaced_before_the_file_is_checked(load: Load) -> None:
    plan = load(TEXT, overrides=["load.rate=90/s", "stack.environment.checkout.POSTURE=EAST", "timeline.gone.for=40s"])
    assert plan.load.rates[0].per_s == 90
    assert plan.environment == (("checkout", (("POSTURE", "EAST"),)),)
    assert plan.phase("gone").end_s == 40


def test_new_keys_and_new_services_may_be_set(load: Load) -> None:
    plan = load(TEXT, overrides=["seed=5", "stack.environment.db.A.B=c", "steady.for=10s", "limits.faults=1"])
    assert plan.seed == 5
    assert plan.environment[1] == ("db", (("A.B", "c"),))
    assert plan.phases[0].start_s == -10 and plan.limits.faults == 1


def test_list_items_are_found_by_name_or_position(load: Load) -> None:
    plan = load(TEXT, overrides=["timeline.gone.faults.f.share=50%", "timeline.1.for=31s"])
    assert plan.injections[0].fault.share == 0.5
    assert plan.end_s == 61


def test_a_key_with_a_dot_is_found(load: Load) -> None:
    plan = load(TEXT, overrides=["load.flows.static.v2.weight=3"])
    assert [flow.weight for flow in plan.load.flows] == [1, 3]


def test_whole_parts_may_be_set(load: Load) -> None:
    plan = load(TEXT, overrides=['expect={static.v2: {availability: ">= 95%"}}', "tags=[a, b]"])
    assert plan.objectives[0].subject == "static.v2" and plan.tags == ("a", "b")


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("load.rat=5/s", "--set load.rat: unknown key 'rat' in load; did you mean 'rate'?"),
        ("laod.rate=5/s", "--set laod.rate: unknown key 'laod'; did you mean 'load'?"),
        ("load.rate", "--set load.rate: 'load.rate' is not KEY=VALUE; write --set load.rate=60/s"),
        ("=5", "--set : '=5' is not KEY=VALUE; write --set load.rate=60/s"),
        ("load.rate=", "--set load.rate: there is no value after =; write --set KEY=VALUE"),
        ("load.rate=5", "--set load.rate: a rate carries a unit: write 5/s instead of 5"),
        ("load.rate.x=5", "--set load.rate.x: load.rate is '60/s', it has no parts; set it as a whole"),
        ("timeline.gnoe.for=5s", "--set timeline.gnoe.for: no item 'gnoe' in timeline; did you mean 'gone'?"),
        ("timeline.7.for=5s", "--set timeline.7.for: no item '7' in timeline; known: gone, after"),
        ("timeline.gone.fro=5s", "--set timeline.gone.fro: unknown key 'fro' in timeline.0; did you mean 'for'?"),
        ("load.flows.web.gte=/", "--set load.flows.web.gte: unknown key 'gte' in load.flows.web; did you mean 'get'?"),
        ("expect.web.availability=[", "--set expect.web.availability: '[': not valid YAML"),
    ],
)
def test_a_wrong_override_stands_at_its_option(problems: Callable[..., list[str]], override: str, problem: str) -> None:
    found = problems(TEXT, overrides=[override])
    assert any(line.startswith(problem) for line in found), found


def test_a_fault_that_became_too_short_is_refused(problems: Callable[..., list[str]]) -> None:
    assert "cannot be proved" in problems(TEXT, overrides=["timeline.gone.for=1s"])[0]


def test_a_wrong_clock_stands_at_its_option(problems: Callable[..., list[str]]) -> None:
    assert problems(TEXT, clock="fast") == [
        "--clock fast: 'fast' is not a compression; write 240x for 240 incident seconds a second"
    ]
