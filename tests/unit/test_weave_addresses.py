"""Where everything lives in a rendered project."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from harness.cluster.weave.addresses import EDGES, FAR, NAMES, POOL, Layout, lay_out
from harness.cluster.weave.cells import border_services, cells_of
from harness.model.errors import ClusterError
from harness.model.stack import INTERNET, LOAD, Edge, Entry, Service, Stack


def stack_of(services: list[Service], edges: list[Edge]) -> Stack:
    return Stack("shop", tuple(services), tuple(edges))


SHOP = stack_of(
    [Service("web", "east", entry=Entry(8080)), Service("orders", "west"), Service("cache", "east")],
    [
        Edge("web", "orders", 8080, "", "east", "west"),
        Edge("web", "orders", 9090, "", "east", "west"),
        Edge("web", "cache", 6379, "", "east", "east"),
        Edge(LOAD, "web", 8080, "", INTERNET, "east"),
    ],
)


def laid_out(stack: Stack, taken: tuple[IPv4Network, ...] = (), key: str = "shop-rf-0000") -> Layout:
    return lay_out(stack, cells_of(stack), front=("east",), key=key, taken=taken)


def test_every_service_and_the_load_have_a_cell_of_their_own() -> None:
    assert [(cell.name, cell.region, cell.members) for cell in cells_of(SHOP)] == [
        ("web", "east", ("web",)),
        ("orders", "west", ("orders",)),
        ("cache", "east", ("cache",)),
        ("load", "internet", ("load",)),
    ]


def test_services_that_talk_together_share_one_cell_wherever_they_stand_in_the_file() -> None:
    members = [Service("a", together="g"), Service("b"), Service("c", together="g")]
    assert [(cell.name, cell.members) for cell in cells_of(stack_of(members, []))] == [
        ("group-g", ("a", "c")),
        ("b", ("b",)),
    ]


def test_a_service_that_is_called_like_a_group_keeps_its_own_cell() -> None:
    cells = cells_of(stack_of([Service("a", together="g"), Service("group-g")], []))
    assert len({cell.network for cell in cells}) == 2


def test_a_guest_that_is_called_like_a_border_keeps_its_name() -> None:
    stack = stack_of([Service("border-east", "east"), Service("x", "east")], [])
    assert border_services(stack) == {"east": "border-east-rf"}


def test_gateway_border_and_guests_stand_in_this_order_in_a_cell() -> None:
    placed = laid_out(SHOP).home("orders")
    first = placed.subnet.network_address
    assert (placed.gateway, placed.border, placed.guest("orders")) == (first + 1, first + 2, first + 3)
    assert placed.subnet.prefixlen == 29


def test_a_large_group_gets_a_subnet_that_holds_it() -> None:
    members = [Service(f"s{i}", together="g") for i in range(5)]
    placed = laid_out(stack_of(members, [])).cells[0]
    assert placed.subnet.prefixlen == 28
    assert placed.guest("s4") in placed.subnet


def test_networks_never_overlap_and_lie_in_the_pool() -> None:
    services = [Service(f"s{i}", "east" if i % 2 else "west", together="g" if i % 7 == 1 else "") for i in range(60)]
    subnets = laid_out(stack_of(services, [])).subnets
    assert all(subnet.subnet_of(POOL) for subnet in subnets)
    assert not any(a.overlaps(b) for i, a in enumerate(subnets) for b in subnets[:i])


def test_the_ports_of_one_pair_share_an_address_and_other_pairs_have_their_own() -> None:
    layout = laid_out(SHOP)
    assert set(layout.edges) == {("web", "orders"), ("web", "cache"), (LOAD, "web")}
    assert len(set(layout.edges.values())) == 3
    assert all(address in EDGES for address in layout.edges.values())


def test_only_crossing_pairs_have_a_far_address() -> None:
    layout = laid_out(SHOP)
    assert set(layout.far) == {("web", "orders"), (LOAD, "web")}
    assert all(address in FAR for address in layout.far.values())


def test_every_service_has_an_address_for_undeclared_calls() -> None:
    layout = laid_out(SHOP)
    assert len(set(layout.names.values())) == 3
    assert all(address in NAMES for address in layout.names.values())


def test_there_is_no_backbone_when_nothing_crosses() -> None:
    assert laid_out(stack_of([Service("a", "east"), Service("b", "west")], [])).backbone is None


def test_the_same_project_gets_the_same_addresses_again() -> None:
    assert laid_out(SHOP) == laid_out(SHOP)


def test_a_project_keeps_its_addresses_when_others_take_the_rest() -> None:
    mine = laid_out(SHOP)
    others = laid_out(SHOP, taken=mine.subnets, key="other-rf-1111").subnets
    assert laid_out(SHOP, taken=others).subnets == mine.subnets


def test_a_taken_block_is_left_alone() -> None:
    mine = laid_out(SHOP).subnets
    again = laid_out(SHOP, taken=mine).subnets
    assert not any(a.overlaps(b) for a in mine for b in again)


def test_a_full_pool_is_refused_with_what_fills_it() -> None:
    with pytest.raises(ClusterError, match=r"198\.18\.0\.0/15.*\n.*regionfall down"):
        laid_out(SHOP, taken=(IPv4Network("198.18.0.0/15"),))


def test_addresses_of_edges_do_not_depend_on_what_is_taken() -> None:
    assert laid_out(SHOP, taken=laid_out(SHOP).subnets).edges == laid_out(SHOP).edges
    assert laid_out(SHOP).edges[(LOAD, "web")] == IPv4Address("198.19.0.1")
