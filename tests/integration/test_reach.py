"""What a hostile guest can reach: its edges, and nothing of ours or of its neighbours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, printed, shop

from harness.containers.border.holding import API_PORT

SCAN = """
import errno
def tries(place):
    host, port = place
    s, name, took = dial(host, port, 0.7)
    s.close()
    return name
print(json.dumps({f"{host}:{port}": tries((host, port)) for host, port in %s}))
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Shop]:
    with shop() as made:
        made.start()
        yield made


def scanned(stack: Shop, places: list[tuple[str, int]]) -> dict[str, str]:
    found: dict[str, str] = stack.run(SCAN % json.dumps(places))
    return found


def addresses_of(stack: Shop) -> dict[str, list[str]]:
    """Every address of both borders, by name."""
    found: dict[str, list[str]] = {}
    for name, container in (("east", stack.east), ("west", stack.west)):
        listed = json.loads(printed(container, "ip", "-j", "-4", "addr"))
        found[name] = [info["local"] for link in listed for info in link["addr_info"] if info["local"] != "127.0.0.1"]
    return found


def test_a_guest_reaches_its_edges(stack: Shop) -> None:
    edges = [(stack.at["orders"], 8080), (stack.at["stock"], 8080)]
    assert set(scanned(stack, edges).values()) == {"connected"}


def test_a_guest_reaches_no_api_of_a_proxy_and_no_port_of_ours(stack: Shop) -> None:
    listening = printed(stack.east, "cat", "/proc/net/tcp").splitlines()[1:]
    ports = {int(line.split()[1].split(":")[1], 16) for line in listening if line.split()[3] == "0A"}
    assert API_PORT in ports, "the proxy's API listens, so there is something to find"
    places = [
        (address, port)
        for addresses in addresses_of(stack).values()
        for address in (*addresses, "198.19.0.1", "198.19.0.99")
        for port in sorted(ports | {22, 80, 2375, 2376, 8404})
    ]
    open_ones = {place for place, told in scanned(stack, list(dict.fromkeys(places))).items() if told == "connected"}
    resolvers = {f"{address}:53" for address in addresses_of(stack)["east"]}
    assert open_ones <= {"198.19.0.1:8080", *resolvers}, "its edges and the region's names, nothing else"


def test_a_guest_reaches_no_other_cell_and_not_the_world(stack: Shop) -> None:
    places = [(stack.addresses[name], port) for name in ("orders", "stock") for port in (8080, 22)]
    places += [("198.19.128.1", 8080), ("8.8.8.8", 443), ("169.254.169.254", 80), ("172.17.0.1", 2375)]
    assert "connected" not in scanned(stack, places).values()


def test_a_guest_holds_no_socket_of_the_engine_or_of_ours(stack: Shop) -> None:
    for guest in (stack.web, stack.orders):
        guest.reload()
        assert guest.attrs["Mounts"] == []
        assert not guest.attrs["HostConfig"]["Privileged"]
        code = "import os; print([p for p in ('/var/run/docker.sock', '/run/regionfall') if os.path.exists(p)])"
        assert printed(guest, "python3", "-c", code).strip() == "[]"


def test_the_undeclared_tries_are_counted_by_name(stack: Shop) -> None:
    blocked = stack.control_east.stats(flush=True)["blocked"]
    assert {"orders"} <= {call.get("name") for call in blocked}
