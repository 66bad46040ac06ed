"""A fault by hand: the words of a file, the bounds of everything that runs there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.model.errors import InvalidFile
from harness.model.fault import Fault, Injection
from harness.model.plan import Limits
from harness.model.stack import Stack
from harness.spec.by_hand import fault_by_hand
from harness.spec.quick import Quick

HELD = Injection("other", Fault("hang"), "idp", "", 0.0, 0.0, ("web->idp:8080",))


def test_words_become_an_injection_that_begins_at_once(shop: Stack) -> None:
    one = fault_by_hand(Quick("checkout->db:5432", ("slow", "300ms"), "60s", share="30%"), shop, [], [], "hand-1")
    assert (one.id, one.start_s, one.end_s, one.edges) == ("hand-1", 0.0, 60.0, ("checkout->db:5432",))
    assert one.fault.latency_s == 0.3 and one.fault.share == 0.3


def test_a_stack_without_a_way_in_takes_faults_too(shop: Stack) -> None:
    bare = replace(shop, edges=tuple(edge for edge in shop.edges if not edge.entry))
    assert fault_by_hand(Quick("idp", ("hang",), "5s"), bare, [], [], "hand-1").edges


@pytest.mark.parametrize(
    ("quick", "limits", "said"),
    [
        (Quick("nobody", ("hang",)), Limits(), "TARGET:1:1 unknown target 'nobody'"),
        (Quick("db", ("hagn",)), Limits(), "HOW:1:1 unknown symptom 'hagn'"),
        (Quick("db", ("hang",), "60"), Limits(), "--for:1:1 a duration carries a unit"),
        (Quick("db", ("hang",), "2h"), Limits(), "--for:1:1 a fault by hand holds for at most 1h"),
        (Quick("db", ("hang",), "1s"), Limits(), "less than 2 s"),
        (
            Quick("db", ("hang",)),
            Limits(protect=("db",), declared=(("protect db", "c.yaml:4"),)),
            "TARGET:1:1 'db' selects the protected service 'db' (edge checkout->db:5432); take it out: db,!db"
            " (declared at c.yaml:4)",
        ),
        (
            Quick("db", ("hang",)),
            Limits(faults=1, declared=(("faults", "x.chaos.yaml:9"),)),
            "HOW:1:1 2 faults at once (other, hand-1); limits.faults allows 1 (declared at x.chaos.yaml:9)",
        ),
        (Quick("db", ("hang",), "60s"), Limits(for_s=30.0), "longer than limits.for (30 s)"),
    ],
)
def test_a_wrong_word_or_a_bound_is_refused_at_its_argument(
    shop: Stack, quick: Quick, limits: Limits, said: str
) -> None:
    with pytest.raises(InvalidFile) as caught:
        fault_by_hand(quick, shop, [limits], [HELD], "hand-1")
    assert said in str(caught.value)
