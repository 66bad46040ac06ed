"""What a caller sees of each fault: error numbers, times and shares, through real borders."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, shop

from harness.model.effect import Cut, Effect
from harness.model.errors import ClusterError

NEAR = "web->orders:8080"
STANDING_S = 0.04


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(standing_ms=40) as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    yield world
    answer = world.control_east.want({}, {}, 5)
    assert answer["holds"] == {} and answer["missing"] == {}


def hold(stack: Shop, **effects: Effect) -> None:
    """Holds effects on the edges to the services named, and checks that they were read back."""
    edges = {f"web->{service}:8080": effect for service, effect in effects.items()}
    answer = stack.control_east.want({"it": (30.0, edges)}, {}, 30)
    assert answer["missing"] == {}
    assert answer["holds"]["it"]["edges"].keys() == edges.keys()


def test_an_untouched_edge_answers_and_a_far_one_is_as_far_as_it_stands(stack: Shop) -> None:
    assert stack.get("orders")[0] == "200"
    status, took = stack.get("stock")
    assert status == "200"
    assert STANDING_S <= took < STANDING_S + 1


def test_a_hung_edge_never_answers_a_dial(stack: Shop) -> None:
    hold(stack, orders=Effect(cut=Cut.DROP))
    how, took = stack.dial("orders", limit=0.6)
    assert how == "TimeoutError"
    assert took >= 0.6


@pytest.mark.parametrize("service", ["orders", "stock"])
def test_a_refused_edge_is_refused_at_once(stack: Shop, service: str) -> None:
    hold(stack, **{service: Effect(cut=Cut.RESET)})
    how, took = stack.dial(service, limit=3.0)
    assert how == "ConnectionRefusedError"
    assert took < 1.0, "a lost dial would be sent again only after a second"


def test_a_cut_leaves_the_other_edges_of_the_same_caller_alone(stack: Shop) -> None:
    hold(stack, orders=Effect(cut=Cut.DROP))
    assert stack.get("stock")[0] == "200"


LIVE = """
import http.client
c = http.client.HTTPConnection({host!r}, 8080, timeout=8); c.request("GET", "/"); c.getresponse().read()
print("open", flush=True); sys.stdin.readline()
begun = time.monotonic()
try:
    c.request("GET", "/"); result = str(c.getresponse().status)
except (OSError, http.client.HTTPException) as error:
    result = type(error).__name__
print(json.dumps([result, time.monotonic() - begun]), flush=True)
"""


def test_a_live_connection_hangs_through_a_silent_cut_and_goes_on_after_it(stack: Shop) -> None:
    with stack.talk(LIVE.format(host=stack.at["orders"])) as talk:
        assert talk.line() == "open"
        hold(stack, orders=Effect(cut=Cut.DROP))
        talk.say("go")
        talk.stays_silent(0.7)
        stack.control_east.want({}, {}, 5)
        result, took = talk.answer()
    assert result == "200"
    assert took >= 0.7


def test_a_live_connection_is_reset_at_its_next_request_by_a_refusal(stack: Shop) -> None:
    with stack.talk(LIVE.format(host=stack.at["orders"])) as talk:
        assert talk.line() == "open"
        hold(stack, orders=Effect(cut=Cut.RESET))
        talk.say("go")
        result, _ = talk.answer()
    assert result == "ConnectionResetError"


def test_latency_delays_the_answer_once_and_adds_to_the_standing_distance(stack: Shop) -> None:
    hold(stack, orders=Effect(latency_ms=150), stock=Effect(latency_ms=150))
    assert 0.15 <= stack.get("orders")[1] < 0.3
    assert 0.15 + STANDING_S <= stack.get("stock")[1] < 0.4


def test_a_distance_that_somebody_removed_is_put_back_and_recorded(stack: Shop) -> None:
    url = "http://127.0.0.1:18000/proxies/stock.8080/toxics/latency_upstream"
    done = stack.east.exec_run(["python3", "-c", f"import requests; requests.delete('{url}', timeout=2)"])
    assert done.exit_code == 0
    assert stack.get_when(lambda took: took >= STANDING_S, "stock") >= STANDING_S
    assert any("distance" in event["what"] for event in stack.control_east.status()["disturbances"])


def test_a_rate_bounds_what_a_connection_carries(stack: Shop) -> None:
    hold(stack, orders=Effect(rate_kbps=100))
    status, took = stack.get("orders", "/bytes/50000", limit=5)
    assert status == "200"
    assert took >= 0.4, "50 kB at 100 kB/s take half a second"


SHARES = """
results = []
for _ in range(100):
    s, name, took = dial({host!r}, 8080, 0.15)
    if name == "connected" and {ask}:
        begun = time.monotonic(); s.settimeout(3); s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n"); s.recv(100)
        name = "slow" if time.monotonic() - begun > 0.2 else "fast"
    s.close(); results.append(name)
print(json.dumps({{name: results.count(name) for name in set(results)}}))
"""


@pytest.mark.parametrize(("cut", "error"), [(Cut.DROP, "TimeoutError"), (Cut.RESET, "ConnectionRefusedError")])
def test_a_share_of_new_connections_is_cut_to_the_connection(stack: Shop, cut: Cut, error: str) -> None:
    hold(stack, orders=Effect(cut=cut, share=0.35))
    seen = stack.run(SHARES.format(host=stack.at["orders"], ask=False))
    assert seen == {error: 35, "connected": 65}


def test_a_share_is_slow_and_the_rest_is_not(stack: Shop) -> None:
    hold(stack, orders=Effect(latency_ms=210, share=0.2))
    assert stack.run(SHARES.format(host=stack.at["orders"], ask=True)) == {"slow": 20, "fast": 80}


@pytest.mark.drill
def test_a_cut_share_and_a_delay_are_one_state(stack: Shop) -> None:
    effects = {"cut": (30.0, {NEAR: Effect(cut=Cut.RESET, share=0.5)}), "slow": (30.0, {NEAR: Effect(latency_ms=210)})}
    assert stack.control_east.want(effects, {}, 30)["missing"] == {}
    seen = stack.run(SHARES.format(host=stack.at["orders"], ask=True))
    assert seen == {"ConnectionRefusedError": 50, "slow": 50}


def test_a_dial_that_was_cut_gets_no_second_chance_when_it_is_sent_again(stack: Shop) -> None:
    hold(stack, orders=Effect(cut=Cut.DROP, share=0.01))
    code = f"print(json.dumps([dial({stack.at['orders']!r}, 8080, 0.05)[1] for _ in range(99)]))"
    assert set(stack.run(code)) == {"connected"}
    # The hundredth is the one; the kernel sends it again after a second, and others pass in between.
    how, took = stack.dial("orders", limit=1.6)
    assert how == "TimeoutError"
    assert took >= 1.6


def test_faults_of_two_connections_compose_and_end_one_by_one(stack: Shop) -> None:
    other = stack.control(stack.east, "other")
    hold(stack, orders=Effect(latency_ms=100))
    other.want({"theirs": (30.0, {NEAR: Effect(latency_ms=150)})}, {}, 5)
    assert stack.get("orders")[1] >= 0.25
    other.close()
    assert 0.1 <= stack.get_when(lambda took: took < 0.25, "orders") < 0.25


def test_effects_that_exclude_each_other_are_refused_and_change_nothing(stack: Shop) -> None:
    hold(stack, orders=Effect(latency_ms=100))
    clash = {"a": (9.0, {NEAR: Effect(latency_ms=1, share=0.5)}), "b": (9.0, {NEAR: Effect(latency_ms=1, share=0.2)})}
    with pytest.raises(ClusterError, match="different shares"):
        stack.control_east.want(clash, {}, 5)
    assert stack.control_east.renew(5)["holds"] == ["it"]


def test_an_unknown_edge_is_refused_by_name(stack: Shop) -> None:
    with pytest.raises(ClusterError, match="web->moon:1"):
        stack.control_east.want({"it": (9.0, {"web->moon:1": Effect(latency_ms=1)})}, {}, 5)
