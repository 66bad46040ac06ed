"""Which edges and services a target selects."""

from __future__ import annotations

import pytest

from harness.model.stack import Stack
from harness.spec.targets import Reach, TargetError, one_edge, select


def ids(stack: Stack, target: str, reach: Reach = Reach.INTO) -> list[str]:
    return [edge.id for edge in select(stack, target, reach).edges]


EAST = [
    "load->web:8080",
    "web->checkout:8080",
    "web->idp:8080",
    "checkout->db:5432",
    "checkout->db:9187",
    "checkout->idp:8080",
    "checkout->mailer:25",
    "static->idp:8080",
]


@pytest.mark.parametrize(
    ("target", "edges"),
    [
        ("us-east-1", EAST),
        ("db", ["checkout->db:5432", "checkout->db:9187"]),
        ("checkout->db", ["checkout->db:5432", "checkout->db:9187"]),
        ("checkout->db:5432", ["checkout->db:5432"]),
        ("checkout -> db : 5432", ["checkout->db:5432"]),
        ("*->idp", ["web->idp:8080", "checkout->idp:8080", "static->idp:8080"]),
        ("web->*", ["web->checkout:8080", "web->idp:8080"]),
        ("us-west-2->us-east-1", ["static->idp:8080"]),
        ("us-east-1->us-west-2", ["db->replica:5432"]),
        ("internet->us-west-2", ["load->static:8080"]),
        ("load->web", ["load->web:8080"]),
        ("role:datastore", ["checkout->db:5432", "checkout->db:9187", "db->replica:5432"]),
        ("*->role:identity", ["web->idp:8080", "checkout->idp:8080", "static->idp:8080"]),
        ("tag:bridge", ["checkout->idp:8080", "checkout->mailer:25", "static->idp:8080"]),
        ("entry:static", ["load->static:8080"]),
        ("tag:bridge,!mailer", ["checkout->idp:8080", "static->idp:8080"]),
        ("tag:bridge, !us-west-2->us-east-1", ["checkout->idp:8080", "checkout->mailer:25"]),
        ("entry:web,checkout->mailer", ["load->web:8080", "checkout->mailer:25"]),
        ("service:db", ["checkout->db:5432", "checkout->db:9187"]),
        ("region:us-west-2", ["load->static:8080", "db->replica:5432"]),
    ],
)
def test_a_target_selects_its_edges(shop: Stack, target: str, edges: list[str]) -> None:
    assert ids(shop, target) == edges


def test_a_blackout_takes_edges_into_out_of_and_inside_a_region(shop: Stack) -> None:
    assert ids(shop, "us-east-1", Reach.AROUND) == sorted(
        [*EAST, "db->replica:5432"], key=[edge.id for edge in shop.edges].index
    )


def test_isolating_a_region_takes_only_what_crosses_its_rim(shop: Stack) -> None:
    assert ids(shop, "us-east-1", Reach.RIM) == ["load->web:8080", "db->replica:5432", "static->idp:8080"]


def test_a_blackout_of_a_service_takes_both_directions(shop: Stack) -> None:
    assert ids(shop, "db", Reach.AROUND) == ["checkout->db:5432", "checkout->db:9187", "db->replica:5432"]


def test_a_minus_under_a_blackout_spares_a_service_in_both_directions(shop: Stack) -> None:
    spared = ids(shop, "us-east-1,!db", Reach.AROUND)
    assert not [edge for edge in spared if "db" in edge]


def test_places_are_named_and_arrows_name_none(shop: Stack) -> None:
    assert select(shop, "idp").services == ("idp",)
    assert select(shop, "us-west-2").services == ("replica", "static")
    assert select(shop, "us-west-2,!static").services == ("replica",)
    assert select(shop, "web->idp").services == ()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("us-eest-1", "unknown target 'us-eest-1'; did you mean 'us-east-1'?"),
        ("checkuot", "did you mean 'checkout'?"),
        ("checkout->dbb", "unknown target 'dbb'; did you mean 'db'?"),
        ("db->web", "no edge 'db->web'; there is db->replica:5432"),
        ("checkout->db:1", "no edge 'checkout->db:1'; there is checkout->db:5432, checkout->db:9187"),
        ("mailer->web", "no edge 'mailer->web'; known: load->web:8080"),
        ("tag:brigde", "unknown tag 'brigde'; did you mean 'bridge'?"),
        ("role:datastor", "did you mean 'datastore'?"),
        ("entry:checkout", "unknown entry 'checkout'; known: web, static"),
        ("rolle:x", "unknown kind of target 'rolle'; did you mean 'role'?"),
        ("region:db", "unknown region 'db'"),
        ("service:us-east-1", "unknown service 'us-east-1'"),
        ("", "an empty target"),
        ("db,", "an empty part"),
        ("!db", "only takes away"),
        ("db,!db", "takes everything away"),
        ("a->b->c", "is not caller->callee"),
        ("->db", "is not caller->callee"),
        ("*", "unknown target '*'"),
    ],
)
def test_a_target_that_matches_nothing_is_an_error(shop: Stack, target: str, words: str) -> None:
    with pytest.raises(TargetError) as caught:
        select(shop, target)
    assert words in str(caught.value)


def test_an_edge_of_an_objective_is_exactly_one(shop: Stack) -> None:
    assert one_edge(shop, "web->idp").id == "web->idp:8080"
    with pytest.raises(TargetError, match="exactly one edge"):
        one_edge(shop, "checkout->db")
    with pytest.raises(TargetError, match="exactly one edge"):
        one_edge(shop, "replica")
