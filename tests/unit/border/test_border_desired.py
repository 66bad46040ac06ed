"""Wishes, leases and deadlines, with a clock made of numbers."""

from __future__ import annotations

from typing import Any

import pytest

from harness.containers.border.desired import Desired, WantError, parse_want
from harness.model.effect import Cut, EdgeState
from harness.model.shape import Shape

NEAR, FAR = "web->orders:80", "web->stock:80"


@pytest.fixture
def desired() -> Desired:
    return Desired({NEAR: 0, FAR: 65}, ["orders"])


def wish(lease: float = 5.0, left: float = 60.0, **more: Any) -> dict[str, Any]:
    return {"lease_s": lease, "faults": {"cut": {"left_s": left, "edges": {NEAR: {"cut": "drop"}}}}} | more


def want(desired: Desired, key: int, message: dict[str, Any], now: float = 0.0) -> None:
    desired.want(key, parse_want(message, f"owner {key}", now))


def test_without_wishes_only_the_distance_stands(desired: Desired) -> None:
    assert desired.states() == {FAR: EdgeState(standing_ms=65)}


def test_a_wish_is_composed_with_the_distance_and_with_those_of_others(desired: Desired) -> None:
    slow = {"left_s": 9, "edges": {FAR: {"latency_ms": 100}}}
    want(desired, 1, {"lease_s": 5, "faults": {"a": slow}})
    want(desired, 2, {"lease_s": 5, "faults": {"b": slow}})
    assert desired.states()[FAR] == EdgeState(Shape(latency_ms=200), standing_ms=65)
    assert [wanted.id for wanted in desired.forget(2)] == ["b"]
    assert desired.states()[FAR] == EdgeState(Shape(latency_ms=100), standing_ms=65)


def test_a_new_wish_replaces_the_old_one_whole(desired: Desired) -> None:
    want(desired, 1, wish())
    want(desired, 1, {"lease_s": 5})
    assert NEAR not in desired.states()


def test_a_lease_runs_out_unless_it_is_renewed(desired: Desired) -> None:
    want(desired, 1, wish(lease=5))
    desired.renew(1, 9.0)
    assert desired.expired_leases(8.9) == []
    ((owner, dropped),) = desired.expired_leases(9.0)
    assert (owner, [wanted.id for wanted in dropped]) == ("owner 1", ["cut"])
    assert desired.states().keys() == {FAR}
    assert desired.lost(1) == {"cut": "the lease ran out"}
    assert desired.expired_leases(99.0) == [], "once is enough"


def test_an_injection_ends_at_its_deadline_though_the_lease_goes_on(desired: Desired) -> None:
    want(desired, 1, wish(lease=100, left=3))
    assert desired.expired(2.9) == []
    assert [wanted.id for wanted in desired.expired(3.0)] == ["cut"]
    assert desired.lost(1) == {}, "that was planned"


def test_clear_takes_everything_from_everybody(desired: Desired) -> None:
    want(desired, 1, wish())
    want(desired, 2, wish())
    assert [wanted.id for wanted in desired.clear()] == ["cut", "cut"]
    assert desired.all() == []
    assert desired.lost(1) == {"cut": "healed by hand"}


def test_flags_of_several_injections_merge_and_last_as_long_as_the_lease(desired: Desired) -> None:
    flags = {
        "a": {"left_s": 60, "services": {"orders": {"login": "fail"}}},
        "b": {"left_s": 2, "services": {"orders": {"rate": 0.5}}},
    }
    want(desired, 1, {"lease_s": 5, "flags": flags})
    assert desired.flags(1.0) == {"orders": ({"login": "fail", "rate": 0.5}, 4.0)}
    desired.expired(2.0)
    assert desired.flags(2.0) == {"orders": ({"login": "fail"}, 3.0)}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"faults": {"i": {"left_s": 1, "edges": {"web->moon:1": {}}}}}, "web->moon:1"),
        ({"flags": {"i": {"left_s": 1, "services": {"moon": {}}}}}, "moon"),
    ],
)
def test_what_is_not_there_is_refused_by_name_and_nothing_changes(
    desired: Desired, change: dict[str, Any], names: str
) -> None:
    want(desired, 1, wish())
    with pytest.raises(WantError, match=names):
        want(desired, 1, {"lease_s": 5} | change)
    assert desired.states()[NEAR].cut is Cut.DROP


def test_effects_that_exclude_each_other_are_refused_and_nothing_changes(desired: Desired) -> None:
    want(desired, 1, {"lease_s": 5, "faults": {"a": {"left_s": 9, "edges": {NEAR: {"latency_ms": 5, "share": 0.2}}}}})
    with pytest.raises(WantError, match="different shares"):
        want(
            desired, 2, {"lease_s": 5, "faults": {"b": {"left_s": 9, "edges": {NEAR: {"latency_ms": 5, "share": 0.3}}}}}
        )
    assert desired.states()[NEAR].slow_share == 0.2


def test_that_an_injection_was_lost_is_remembered_as_long_as_it_is_wanted(desired: Desired) -> None:
    want(desired, 1, wish())
    assert desired.lose({NEAR}, "gone") == ["cut"]
    assert desired.lose({NEAR}, "gone again") == []
    assert desired.lost(1) == {"cut": "gone"}
    want(desired, 1, wish())
    assert desired.lost(1) == {"cut": "gone"}
    assert not desired.of(1)["cut"].lost, "it holds again"
    want(desired, 1, {"lease_s": 5})
    assert desired.lost(1) == {}


@pytest.mark.parametrize("message", [{}, {"lease_s": "x"}, {"lease_s": 1, "faults": {"i": {}}}])
def test_a_malformed_wish_is_an_error(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_want(message, "o", 0.0)
