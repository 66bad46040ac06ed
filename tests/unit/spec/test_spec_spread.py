"""Two-sided targets, faults that come and go, faults that hit a seeded part: what they select, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.cli.plan_text import plan_text
from harness.faults.catalogue import CATALOGUE, changes_of, effect_of, taken_at
from harness.model.effect import Cut
from harness.model.fault import Flap, Ramp
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.runner.desired import changes_at, desired
from harness.spec.feasibility import feasibility
from harness.spec.load import load_experiment
from harness.spec.quick import Quick, quick_text
from harness.spec.targets import Reach, TargetError, select

Load = Callable[..., Plan]
Listing = Callable[..., list[str]]


def file(fault: str, hold: str = "20s") -> str:
    return f"version: 1\ntimeline:\n  - {{phase: gone, for: {hold}, faults: [{fault}]}}\n"


def ids(stack: Stack, target: str, kind: str) -> list[str]:
    return [edge.id for edge in select(stack, target, CATALOGUE[kind].reach).edges]


def test_a_partition_cuts_both_directions_between_its_sides_and_nothing_else(shop: Stack) -> None:
    assert ids(shop, "us-east-1 | us-west-2", "partition") == ["db->replica:5432", "static->idp:8080"]


def test_one_way_cuts_calls_from_left_to_right_only(shop: Stack) -> None:
    assert ids(shop, "us-east-1|us-west-2", "one-way") == ["db->replica:5432"]
    assert ids(shop, "us-west-2|us-east-1", "one-way") == ["static->idp:8080"]


def test_sides_are_sets_of_places_with_commas_and_minus(shop: Stack) -> None:
    assert ids(shop, "web, checkout | idp, role:queue", "partition") == [
        "web->idp:8080",
        "checkout->idp:8080",
        "checkout->mailer:25",
    ]
    assert ids(shop, "us-east-1,!db | us-west-2", "partition") == ["static->idp:8080"]


def test_a_blackhole_swallows_what_comes_from_outside_and_leaves_the_inside_and_its_own_calls(shop: Stack) -> None:
    assert ids(shop, "us-east-1", "blackhole") == ["load->web:8080", "static->idp:8080"]
    assert ids(shop, "us-west-2", "blackhole") == ["load->static:8080", "db->replica:5432"]


@pytest.mark.parametrize("kind", ["slow", "hang", "blackout", "isolate", "partition"])
def test_a_role_alone_is_a_place_for_every_fault(shop: Stack, kind: str) -> None:
    target = "role:identity" if kind != "partition" else "role:identity | role:dependent"
    assert "checkout->idp:8080" in ids(shop, target, kind)


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        ("us-east-1 | us-west-2", "hang", "only partition and one-way"),
        ("us-east-1", "partition", "does not have two sides"),
        ("us-east-1 | web | db", "partition", "does not have two sides"),
        ("us-east-1 | us-east-1", "partition", "is on both sides"),
        ("us-east-1 | nowhere", "partition", "unknown target 'nowhere'"),
        ("web->idp | db", "partition", "names edges"),
        ("web | mailer", "partition", "no call crosses"),
        ("mailer | us-east-1,!mailer,!checkout", "one-way", "no call crosses"),
        ("mailer,!mailer | web", "partition", "is empty"),
    ],
)
def test_sides_that_cannot_be_are_refused_in_words(shop: Stack, target: str, kind: str, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        select(shop, target, CATALOGUE[kind].reach)


def test_a_fault_that_flaps_is_on_and_off_in_turn_and_ends_off(load: Load) -> None:
    injection = load(file('{on: "checkout->db", refuse: true, flap: {on: 4s, off: 2s}}')).injections[0]
    assert injection.fault.flap == Flap(4.0, 2.0, 3)
    cuts = [effect_of(injection.fault, t).cut for t in (0, 3.9, 4.0, 5.9, 6.0, 15.9, 16.0, 19.0)]
    on, off = Cut.RESET, Cut.NONE
    assert cuts == [on, on, off, off, on, on, off, off]


def test_the_runner_acts_at_every_change_of_a_fault_that_flaps(load: Load) -> None:
    plan = load(file("{on: db, hang: true, flap: 5s}"))
    assert changes_of(plan.injections[0].fault) == (5.0, 10.0, 15.0)
    assert [moment for moment in changes_at(plan) if 0 <= moment <= 20] == [0.0, 5.0, 10.0, 15.0, 20.0]


@pytest.mark.parametrize(
    ("fault", "hold", "message"),
    [
        ("{on: db, hang: true, flap: 1s}", "20s", "on for 1 s cannot be proved; write at least 2 s"),
        ("{on: db, hang: true, flap: {on: 3s, off: 1s}}", "20s", "off for 1 s cannot be proved; write at least 2 s"),
        ("{on: db, hang: true, flap: 10s}", "20s", "let it hold for at least 30 s"),
        ("{on: db, slow: 20ms -> 400ms, flap: 3s}", "20s", "a climb cannot flap"),
        ("{on: idp, flags: {login: fail}, flap: 3s}", "20s", "does not act on edges, so it has no flap"),
        ("{on: db, hang: true, ramp: 8s}", "20s", "2 edges cannot be taken in 4 steps; write at most 2"),
        ("{on: us-east-1, hang: true, ramp: 6s}", "20s", "4 steps over 6 s last 1.5 s each; write at least 8 s"),
        ("{on: us-east-1, hang: true, ramp: 30s}", "20s", "a ramp over 30 s does not fit"),
        ("{on: us-east-1, slow: 20ms -> 400ms, ramp: 8s}", "20s", "one change at a time"),
        ("{on: us-east-1, hang: true, flap: 4s, ramp: 8s}", "20s", "one change at a time"),
        ("{on: idp, flags: {login: fail}, ramp: 8s}", "20s", "does not act on edges, so it has no ramp"),
        ("{on: db, hang: true, gray: 0%}", "20s", "a share of 0 breaks nothing"),
        ("{on: db, hang: true, gray: 90%}", "20s", "of 2 edges is all of them"),
        ("{on: us-east-1, hang: true, gray: {edges: 30%, callers: 30%}}", "20s", "either a share of the edges or of"),
        ("{on: idp, flags: {login: fail}, gray: 30%}", "20s", "does not act on edges, so it has no gray"),
    ],
)
def test_a_spread_that_cannot_be_is_refused_with_its_line(
    problems: Listing, fault: str, hold: str, message: str
) -> None:
    found = [line for line in problems(file(fault, hold)) if message in line]
    assert found and found[0].startswith("3:")


def test_gray_draws_the_same_edges_from_the_same_seed_and_plan_names_them(load: Load) -> None:
    text = file("{on: us-east-1, hang: true, gray: 40%}")
    first, again, other = (load(text, seed=seed) for seed in (7, 7, 8))
    assert first.injections[0].edges == again.injections[0].edges
    assert len(first.injections[0].edges) == 3
    assert {load(text, seed=seed).injections[0].edges for seed in range(5)} != {other.injections[0].edges}
    told = plan_text(first, feasibility(first))
    assert "on 3 of 8 edges" in told
    assert all(edge in told for edge in first.injections[0].edges)


def test_gray_callers_lose_all_their_edges_and_the_others_none(load: Load, shop: Stack) -> None:
    injection = load(file("{on: us-east-1, hang: true, gray: {callers: 50%}}"), seed=3).injections[0]
    whole = [edge for edge in shop.edges if edge.callee in ("web", "checkout", "db", "idp", "mailer")]
    hit = {edge.caller for edge in whole if edge.id in injection.edges}
    assert len(hit) == 2
    assert set(injection.edges) == {edge.id for edge in whole if edge.caller in hit}


def test_a_ramp_takes_its_edges_piece_by_piece_in_an_order_that_the_seed_draws(load: Load) -> None:
    text = file("{on: us-east-1, refuse: true, ramp: {over: 12s, steps: 4}}")
    plan = load(text, seed=3)
    (one,) = plan.injections
    assert (one.fault.ramp, len(one.edges)) == (Ramp(12.0, 4), 8)
    assert changes_of(one.fault) == (3.0, 6.0, 9.0)
    assert [len(taken_at(one, t)) for t in (0, 2.9, 3, 6, 9, 19)] == [2, 2, 4, 6, 8, 8]
    assert taken_at(one, 0) == one.edges[:2]
    held = {edge for want in desired(plan, 6.5).values() for _, edges in want.faults.values() for edge in edges}
    assert held == set(one.edges[:6])
    assert load(text, seed=3).injections == plan.injections
    assert len({load(text, seed=seed).injections[0].edges for seed in range(4)}) > 1
    assert "piece by piece over 12 s, in 4 steps" in plan_text(plan, feasibility(plan))


def test_one_line_takes_flap_and_gray() -> None:
    text = quick_text(Quick("us-east-1", ("slow", "300ms", "flap=4s", "gray=30%")))
    assert "slow: 300ms" in text and "flap: 4s" in text and "gray: 30%" in text


def test_one_line_takes_two_sides(tmp_path, shop: Stack) -> None:
    (tmp_path / "it.yaml").write_text(quick_text(Quick("us-east-1 | us-west-2", ("partition",))))
    plan = load_experiment(tmp_path / "it.yaml", read_stack=lambda files, directory: shop)
    assert plan.injections[0].edges == ("db->replica:5432", "static->idp:8080")


def test_every_reach_selects_something_of_a_region_or_of_two(shop: Stack) -> None:
    for reach in Reach:
        assert select(shop, "us-east-1 | us-west-2" if reach.two_sided else "us-east-1", reach).edges
