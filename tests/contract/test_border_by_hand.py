"""An edge in somebody's own hands: what they do to its proxy acts, stays until they go, and is gone then."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import toxiproxy

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

from harness.model.effect import Effect
from harness.model.errors import ClusterError
from harness.model.stack import Edge
from harness.wiring.proxy import EdgeProxy

STANDING_S = 0.04
TO_ORDERS, TO_STOCK = Edge("web", "orders", 8080), Edge("web", "stock", 8080)


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(standing_ms=40) as made:
        made.start()
        yield made


def took(world: Shop, service: str) -> float:
    status, seconds = world.get(service)
    assert status == "200"
    return seconds


def test_the_librarys_object_adds_and_removes_toxics_of_one_edge(world: Shop) -> None:
    hands = world.control(world.east, "hands")
    proxy = EdgeProxy(TO_ORDERS, hands)
    assert isinstance(proxy, toxiproxy.Proxy)
    assert proxy.enabled and proxy.toxics() == {}
    proxy.add_toxic(name="mine", type="latency", attributes={"latency": 400})
    assert proxy.toxics()["mine"].attributes["latency"] == 400
    assert took(world, "orders") >= 0.4
    assert took(world, "stock") < 0.4, "another edge of the same caller"
    proxy.destroy_toxic("mine")
    assert took(world, "orders") < 0.4
    hands.close()


def test_a_fault_on_another_edge_of_the_same_caller_leaves_it_alone(world: Shop) -> None:
    hands = world.control(world.east, "hands")
    EdgeProxy(TO_ORDERS, hands).add_toxic(type="latency", stream="upstream", attributes={"latency": 400})
    slow = {"web->stock:8080": Effect(latency_ms=200)}
    assert world.control_east.want({"it": (30.0, slow)}, {}, 30)["missing"] == {}
    assert took(world, "orders") >= 0.4 and took(world, "stock") >= 0.2
    world.control_east.want({}, {}, 5)
    assert took(world, "orders") >= 0.4
    assert hands.take_back() == []
    assert took(world, "orders") < 0.4
    hands.close()


def test_whatever_was_done_ends_with_the_connection_and_the_distance_stands_again(world: Shop) -> None:
    hands = world.control(world.east, "hands")
    far, near = EdgeProxy(TO_STOCK, hands), EdgeProxy(TO_ORDERS, hands)
    for name in far.toxics():  # the distance too
        far.destroy_toxic(name)
    far.add_toxic(name="some", type="latency", toxicity=0.5, attributes={"latency": 900})
    near.disable()
    assert world.dial("orders")[0] == "ConnectionRefusedError"
    disturbed = len(world.control_east.status()["disturbances"])
    hands.close()
    eventually(lambda: world.dial("orders")[0] == "connected")
    again = world.control(world.east, "hands")
    assert sorted(EdgeProxy(TO_STOCK, again).toxics()) == ["latency_upstream"]
    again.close()
    assert all(STANDING_S <= took(world, "stock") < 0.9 for _ in range(8))
    assert len(world.control_east.status()["disturbances"]) == disturbed, "nobody was to blame for anything"


def test_the_proxy_itself_cannot_be_taken_away_or_led_elsewhere(world: Shop) -> None:
    hands = world.control(world.east, "hands")
    proxy = EdgeProxy(TO_ORDERS, hands)
    with pytest.raises(ClusterError, match="is not taken away"):
        proxy.destroy()
    with pytest.raises(ClusterError, match="where it listens and leads stays"):
        hands.by_hand(TO_ORDERS.id, "POST", "", {"upstream": "10.0.0.1:80"})
    with pytest.raises(ClusterError, match="is not taken away"):
        hands.by_hand(TO_ORDERS.id, "POST", "/../../reset", None)
    with pytest.raises(ClusterError, match="no proxy here stands on"):
        hands.by_hand("web->nowhere:1", "GET", "", None)
    with pytest.raises(ClusterError, match="InvalidToxic|400"):
        proxy.add_toxic(type="nonsense")
    hands.close()


def test_whoever_uses_the_library_beside_us_reaches_their_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Answer:
        status_code, content = 200, b"{}"

        def json(self) -> dict[str, object]:
            return {}

    def get(url: str, **_: object) -> Answer:
        asked.append(url)
        return Answer()

    monkeypatch.setattr("toxiproxy.api.requests.get", get)
    mine = toxiproxy.Toxiproxy()
    mine.update_api_consumer("198.51.100.7", 8474)
    assert mine.proxies() == {}
    assert asked == ["http://198.51.100.7:8474/proxies"]
