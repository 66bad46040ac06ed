"""What a border says it saw agrees with what its guests did."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

from harness.model.effect import Cut, Effect

NEAR, FAR = "web->orders:8080", "web->stock:8080"

WORK = """
import http.client
times = []
def ask(host, *paths):
    line = http.client.HTTPConnection(host, 8080)
    for path in paths:
        begun = time.monotonic(); line.request("GET", path); line.getresponse().read()
        times.append(int((time.monotonic() - begun) * 1e6))
    line.close()
"""


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop() as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Shop:
    """Healed, and at the beginning of a second: what was seen before it belongs to other tests."""
    world.control_east.want({}, {}, 5)
    time.sleep(1.01 - time.monotonic() % 1)
    world.began_us = time.monotonic_ns() // 1000 + world.control_east.clock_offset_us - 10_000
    return world


def rows(stack: Shop, edge: str = NEAR, settle_s: float = 2.6) -> list[dict[str, Any]]:
    """What was seen on an edge since the test began, when it is final."""
    time.sleep(settle_s)
    answer = stack.control_east.stats()
    assert answer["lost"] == 0
    return [row for row in answer["seconds"] if row["edge"] == edge and row["t_us"] + 1_000_000 > stack.began_us]


def seen(stack: Shop, edge: str = NEAR) -> dict[str, Any]:
    """The same, added up."""
    total: dict[str, Any] = {}
    for row in rows(stack, edge):
        for name in row.keys() - {"t_us", "edge"}:
            total[name] = total.get(name, type(row[name])()) + row[name]
    return total


def test_requests_answers_and_times_agree_with_what_the_client_did(stack: Shop) -> None:
    code = (
        f"ask({stack.at['orders']!r}, *['/'] * 20, '/status/503', '/status/404', '/slow/300'); print(json.dumps(times))"
    )
    measured = stack.run(WORK + code)
    saw = seen(stack)
    assert (saw["connects"], saw["requests"], saw["responses"]) == (1, 23, 23)
    assert (saw["errors"], saw["rejects"], saw["refused"], saw["unanswered"], saw["gave_up"]) == (1, 1, 0, 0, 0)
    assert len(saw["times_us"]) == 23
    assert all(0 < border <= client for border, client in zip(saw["times_us"], measured, strict=True))
    assert saw["times_us"][-1] >= 300_000


def test_bytes_are_those_of_the_wire_in_both_directions(stack: Shop) -> None:
    stack.run(WORK + f"ask({stack.at['orders']!r}, '/bytes/200000'); print(1)")
    saw = seen(stack)
    assert 200_000 < saw["down_bytes"] < 230_000
    assert 50 < saw["up_bytes"] < 20_000


@pytest.mark.drill
def test_bytes_count_while_a_connection_is_open(stack: Shop) -> None:
    code = (
        WORK
        + f"""
line = http.client.HTTPConnection({stack.at["orders"]!r}, 8080)
line.request("GET", "/bytes/100000"); line.getresponse().read(); print("done", flush=True); sys.stdin.readline()
"""
    )
    with stack.talk(code) as talk:
        assert talk.line() == "done"
        assert seen(stack)["down_bytes"] > 100_000


@pytest.mark.drill
def test_a_crossing_edge_is_seen_at_its_callers_border(stack: Shop) -> None:
    stack.run(WORK + f"ask({stack.at['stock']!r}, '/', '/'); print(1)")
    assert seen(stack, FAR)["responses"] == 2


def test_a_caller_that_gives_up_waited_at_least_its_patience(stack: Shop) -> None:
    assert stack.get("orders", "/slow/3000", limit=0.5)[0] == "TimeoutError"
    saw = seen(stack)
    assert (saw["requests"], saw["responses"], saw["gave_up"]) == (1, 0, 1)
    assert saw["gave_up_us"][0] >= 500_000


def test_a_cut_shows_as_dials_without_an_answer_and_no_bytes(stack: Shop) -> None:
    stack.control_east.want({"it": (30.0, {NEAR: Effect(cut=Cut.DROP)})}, {}, 30)
    stack.dial("orders", 0.3)
    saw = seen(stack)
    assert (saw["connects"], saw["unanswered"], saw["refused"]) == (1, 1, 0)
    assert saw["up_bytes"] == saw["down_bytes"] == 0


def test_a_refusal_shows_as_refused_dials(stack: Shop) -> None:
    stack.control_east.want({"it": (30.0, {NEAR: Effect(cut=Cut.RESET)})}, {}, 30)
    stack.dial("orders", 0.3)
    saw = seen(stack)
    assert (saw["connects"], saw["unanswered"], saw["refused"]) == (1, 0, 1)
    assert saw["up_bytes"] == saw["down_bytes"] == 0


def test_a_delay_shows_in_the_guests_own_response_times(stack: Shop) -> None:
    stack.control_east.want({"it": (30.0, {NEAR: Effect(latency_ms=250)})}, {}, 30)
    stack.get("orders")
    assert min(seen(stack)["times_us"]) >= 250_000


@pytest.mark.drill
def test_a_slow_share_is_still_counted_on_its_edge(stack: Shop) -> None:
    stack.control_east.want({"it": (30.0, {NEAR: Effect(latency_ms=250, share=0.5)})}, {}, 30)
    for _ in range(4):
        stack.get("orders")
    saw = seen(stack)
    assert (saw["connects"], saw["responses"]) == (4, 4)
    assert sorted(time_us >= 250_000 for time_us in saw["times_us"]) == [False, False, True, True]
    assert saw["down_bytes"] > 0


def test_the_canary_flies_every_second_and_does_not_feel_a_fault(stack: Shop) -> None:
    edges = {NEAR: Effect(cut=Cut.DROP), FAR: Effect(latency_ms=900)}
    stack.control_east.want({"it": (30.0, edges)}, {}, 30)
    time.sleep(3.5)
    flights = stack.control_east.stats()["canary"]
    assert len(flights) >= 1
    assert all(row["n"] >= 1 and row["failed"] == 0 for row in flights)
    assert all(0 < row["p50_us"] <= row["max_us"] < 900_000 for row in flights)


@pytest.mark.drill
def test_a_canary_slowed_from_elsewhere_shows_it(stack: Shop) -> None:
    url = canary_of(stack)
    toxic = "{'type': 'latency', 'stream': 'upstream', 'attributes': {'latency': 150}}"
    inside(stack, f"import requests; requests.post('{url}', json={toxic}, timeout=2).raise_for_status()")
    slow = eventually(lambda: [row for row in stack.control_east.stats()["canary"] if row["p50_us"] > 150_000], 8)
    assert slow
    inside(stack, f"import requests; requests.delete('{url}/latency_upstream', timeout=2).raise_for_status()")


def canary_of(stack: Shop) -> str:
    """Where the canary's toxics are told: its proxy's API comes after those of all callers."""
    look = """
import itertools, requests
for port in itertools.count(18000):
    if "canary" in requests.get(f"http://127.0.0.1:{port}/proxies", timeout=2).json():
        print(f"http://127.0.0.1:{port}/proxies/canary/toxics", end="")
        break
"""
    return inside(stack, look)


def inside(stack: Shop, code: str) -> str:
    done = stack.east.exec_run(["python3", "-c", code])
    assert done.exit_code == 0, done.output.decode()
    return str(done.output.decode())


def test_every_second_is_told_once_and_in_order(stack: Shop) -> None:
    told = []
    for _ in range(8):
        stack.get("orders")
        told += [row["t_us"] for row in stack.control_east.stats()["seconds"] if row["edge"] == NEAR]
        time.sleep(0.4)
    assert len(told) >= 1
    assert told == sorted(set(told))
    assert all(t_us % 1_000_000 == 0 for t_us in told)


def test_undeclared_calls_fail_at_once_and_are_listed_by_name(stack: Shop) -> None:
    code = f"""
targets = [({stack.addresses["stock"]!r}, 8080), ("8.8.8.8", 443)]
targets += [({stack.at["orders"]!r}, 81), ({stack.at["nobody"]!r}, 80)]
results = [dial(*target)[1:] for target in targets]
ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); ask.settimeout(3); ask.connect(("8.8.4.4", 53))
ask.send(b"ab\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\x08Payments\\7example\\0\\0\\1\\0\\1")
begun = time.monotonic()
try: ask.recv(100)
except OSError as error: results.append([type(error).__name__, time.monotonic() - begun])
print(json.dumps(results))
"""
    results = stack.run(code)
    assert [name for name, _ in results] == ["ConnectionRefusedError"] * 4 + ["OSError"]
    assert max(took for _, took in results) < 1
    blocked = stack.control_east.stats()["blocked"]
    listed = {(row["caller"], row["name"] or row["to"], row["port"], row["proto"]) for row in blocked}
    assert listed == {
        ("web", stack.addresses["stock"], 8080, "tcp"),
        ("web", "8.8.8.8", 443, "tcp"),
        ("web", stack.at["orders"], 81, "tcp"),
        ("web", "nobody", 80, "tcp"),
        ("web", "payments.example", 53, "dns"),
    }


def test_a_guest_reaches_neither_the_border_nor_other_cells_past_its_edges(stack: Shop) -> None:
    gateway = stack.addresses["web"].rsplit(".", 1)[0] + ".1"
    targets = [(gateway, 18000), (gateway, 17001), (stack.addresses["orders"], 8080), (stack.at["orders"], 30000)]
    code = f"print(json.dumps([dial(*target, limit=1)[1] for target in {targets}]))"
    assert stack.run(code) == ["ConnectionRefusedError"] * len(targets)


@pytest.mark.drill
def test_a_busy_edge_is_followed_without_loss(stack: Shop) -> None:
    code = (
        WORK
        + f"""
import threading
threads = [threading.Thread(target=ask, args=({stack.at["orders"]!r}, *["/"] * 300)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]; print(len(times))
"""
    )
    assert stack.run(code) == 1200
    found = rows(stack)
    assert sum(row["responses"] for row in found) == 1200
    assert all(len(row["times_us"]) <= 100 for row in found)
