"""A service that runs several times: one service a copy, one name for all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from woven import problems, read, rendered, woven_of

from harness.spec.targets import select

SHOP = """
services:
  web:
    image: a
    labels: {regionfall.region: east, regionfall.calls: "orders:8080", regionfall.entry: 80/http}
    depends_on: {orders: {condition: service_healthy}}
    networks: {default: null}
  orders:
    image: a
    labels: {regionfall.region: west, regionfall.calls: "db:5432"}
    deploy: {replicas: 3, resources: {limits: {memory: "64m"}}}
    networks: {default: null}
  db: {image: a, labels: {regionfall.region: west}, networks: {default: null}}
"""
ORDERS = ("orders-1", "orders-2", "orders-3")


def test_every_copy_is_a_service_with_edges_of_its_own(tmp_path: Path) -> None:
    project = read(tmp_path, SHOP)
    assert [service.name for service in project.stack.services] == ["web", *ORDERS, "db"]
    assert [edge.id for edge in project.stack.edges] == [
        *(f"web->{one}:8080" for one in ORDERS),
        *(f"{one}->db:5432" for one in ORDERS),
        "load->web:80",
    ]
    assert any("3 copies run as services orders-1 to orders-3" in note for note in project.notes)


@pytest.mark.parametrize("key", ["scale: 2", "deploy: {replicas: 2}"])
def test_either_key_of_compose_says_how_many(tmp_path: Path, key: str) -> None:
    text = f"services:\n  web: {{image: a, {key}}}\n"
    assert [service.name for service in read(tmp_path, text).stack.services] == ["web-1", "web-2"]


def test_one_copy_is_the_service_itself(tmp_path: Path) -> None:
    (only,) = read(tmp_path, "services:\n  web: {image: a, deploy: {replicas: 1}}\n").stack.services
    assert (only.name, only.copy_of) == ("web", "")


def test_the_shared_name_is_a_target_for_all_and_each_copy_for_itself(tmp_path: Path) -> None:
    stack = read(tmp_path, SHOP).stack
    assert select(stack, "orders").services == ORDERS
    assert [edge.callee for edge in select(stack, "web->orders").edges] == list(ORDERS)
    assert [edge.callee for edge in select(stack, "web->orders-2").edges] == ["orders-2"]
    assert [edge.caller for edge in select(stack, "orders->db").edges] == list(ORDERS)
    assert select(stack, "west,!orders-1").services == ("db", "orders-2", "orders-3")


def test_copies_are_rendered_one_by_one_and_whoever_waits_waits_for_all(tmp_path: Path) -> None:
    file = rendered(woven_of(read(tmp_path, SHOP)))
    assert set(ORDERS) < file["services"].keys() and "orders" not in file["services"]
    for one in ORDERS:
        assert file["services"][one]["deploy"] == {"resources": {"limits": {"memory": "64m"}}}
        (network,) = file["services"][one]["networks"].values()
        assert network["aliases"] == ["orders"]
    assert set(file["services"]["web"]["depends_on"]) == set(ORDERS)


def test_the_shared_name_comes_from_dns_for_who_calls_it_and_is_blocked_for_others(tmp_path: Path) -> None:
    woven = woven_of(read(tmp_path, SHOP))
    assert woven.looked_up == {("web", one) for one in ORDERS}
    hosts = {name: service.get("extra_hosts", []) for name, service in rendered(woven)["services"].items()}
    assert not any(host.startswith("orders") for host in hosts["web"])
    (blocked,) = [host for host in hosts["db"] if host.startswith("orders:")]
    assert "198.19.255." in blocked
    assert woven.borders["east"]["looked_up"] == [f"web->{one}" for one in ORDERS]


@pytest.mark.parametrize(
    ("old", "new", "place", "text"),
    [
        ("entry: 80/http}", "entry: 80/http}\n    scale: 2", "5:72", "2 copies cannot be an entry"),
        ("replicas: 3", "replicas: 0", "11:5", "0 copies are none"),
        ('"orders:8080"', '"orders:8080/udp"', "5:39", "UDP to one of several copies is not handled yet"),
        ('"db:5432"', '"db:5432 orders:7000"', "10:39", "copies that call each other need a word for `together`"),
        ("  db: {", "  orders-2: {image: a}\n  db: {", "8:3", "copy 'orders-2' would have the name of another service"),
        ("  db: {", '  db: {links: ["orders:o"], ', "13:8", "links to 'orders', which has 3 copies, is not handled"),
        ('"orders:8080"', '"order:8080"', "5:39", "there is no service 'order'; did you mean 'orders'?"),
    ],
)
def test_what_cannot_be_done_with_copies_is_refused_at_its_place(
    tmp_path: Path, old: str, new: str, place: str, text: str
) -> None:
    assert SHOP.count(old) == 1
    found = problems(tmp_path, SHOP.replace(old, new))
    assert any(line.startswith(f"compose.yaml:{place} ") and text in line for line in found), found
