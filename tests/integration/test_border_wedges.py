"""Toxiproxy's two wedges and its crash, provoked: noticed, replaced, as wanted again, no other caller disturbed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, Talk, eventually, shop

from harness.model.effect import Effect, Way

NEAR, FAR = "web->orders:8080", "web->stock:8080"


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(standing_ms=20) as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    world.events.clear()
    yield world
    world.control_east.want({}, {}, 5)
    assert eventually(lambda: all(world.get(name)[0] == "200" for name in ("orders", "stock", "mail")), 20)


PROBE = """
import http.client, select
rows = []
while not select.select([sys.stdin], [], [], 0.02)[0]:
    begun = time.monotonic(); c = http.client.HTTPConnection({host!r}, 8080, timeout=1)
    try: c.request("GET", "/"); good = c.getresponse().read() == b"ok"
    except (OSError, http.client.HTTPException): good = False
    c.close(); rows.append([begun, time.monotonic() - begun, good])
    if len(rows) == 1: print("on", flush=True)
print(json.dumps(rows), flush=True)
"""


class Probe:
    """A caller of one edge, again and again; times are those of the machine's monotonic clock."""

    def __init__(self, stack: Shop, service: str) -> None:
        self._talk = Talk(stack.web, PROBE.format(host=stack.at[service]))
        assert self._talk.line() == "on"

    def rows(self) -> list[tuple[float, float, bool]]:
        """Ends it: (begun, took, whether the answer was right) of every request."""
        self._talk.say("stop")
        found: list[tuple[float, float, bool]] = self._talk.answer()
        self._talk.close()
        return found


@contextmanager
def probed(stack: Shop, *services: str) -> Iterator[dict[str, Probe]]:
    yield {service: Probe(stack, service) for service in services}


def untouched(rows: list[tuple[float, float, bool]]) -> str:
    """Checks that another caller noticed nothing, and says what it saw."""
    assert len(rows) > 20
    assert all(good for _, _, good in rows)
    slowest = max(took for _, took, _ in rows)
    assert slowest < 1.0
    return f"the other caller: {len(rows)} requests, 0 failed, slowest {slowest * 1000:.0f} ms"


def healthy_at(rows: list[tuple[float, float, bool]], after: float) -> float:
    """When the first good request after the last bad one began."""
    bad = [begun for begun, _, good in rows if not good and begun >= after]
    return next(begun for begun, _, good in rows if good and begun >= (bad[-1] if bad else after))


def replacement(stack: Shop, began: float, patience_s: float = 20) -> tuple[dict[str, Any], float]:
    """The first replacement of web's proxy, and when it was told (seconds after `began`)."""

    def found() -> dict[str, Any] | None:
        told = [body for _, body in stack.events if body["event"] == "disturbance"]
        return next((body for body in told if "replaced" in body["what"]), None)

    event: dict[str, Any] = eventually(found, patience_s)
    return event, time.monotonic() - began


STALLED = """
stuck = []
for _ in range({count}):
    s, name, took = dial({host!r}, 8080, 2); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.sendall(b"GET /bytes/3000000 HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"); stuck.append(s)
time.sleep(1); print("stuck", flush=True); sys.stdin.readline()
"""


def test_a_client_that_does_not_read_wedges_its_proxy_which_is_replaced(stack: Shop) -> None:
    held = {"it": (60.0, {NEAR: Effect(latency_ms=100, way=Way.RESPONSE), FAR: Effect(latency_ms=150)})}
    assert stack.control_east.want(held, {}, 60)["missing"] == {}
    stuck = Talk(stack.web, STALLED.format(count=3, host=stack.at["orders"]))
    assert stuck.line() == "stuck"
    with probed(stack, "stock", "mail") as probes:
        stack.events.clear()
        began = time.monotonic()
        held["it"] = (60.0, {NEAR: Effect(rate_kbps=1000, way=Way.RESPONSE), FAR: Effect(latency_ms=150)})
        answer = stack.control_east.want(held, {}, 60)
        took = time.monotonic() - began
        event, _ = replacement(stack, began)
        time.sleep(0.5)
        web, mail = probes["stock"].rows(), probes["mail"].rows()
    stuck.say("stop")
    assert event["caller"] == "web" and answer["missing"] == {} and list(answer["holds"]) == ["it"]
    assert any(took_s >= 0.15 for begun, took_s, good in web if good and begun > began + took), "as wanted again"
    failed = sum(not good for _, _, good in web)
    print(f"\nwedge 1: {event['what']}; wished, replaced and read back in {took:.2f} s;")
    print(f"the same caller's other edge: {failed} of {len(web)} requests failed; {untouched(mail)}")
    assert took < 6, "one deadline of two seconds, and a new process"


FILL = """
import threading
for _ in range({count}): threading.Thread(target=dial, args=({host!r}, 8080, 20), daemon=True).start()
time.sleep(0.5); print("full", flush=True); sys.stdin.readline()
"""


def test_a_callee_that_swallows_dials_stalls_one_caller_whose_proxy_is_replaced(stack: Shop) -> None:
    held = {"it": (60.0, {FAR: Effect(latency_ms=150)})}
    assert stack.control_east.want(held, {}, 60)["missing"] == {}
    with probed(stack, "stock", "mail") as probes:
        stack.events.clear()
        stack.orders.pause()
        began = time.monotonic()
        full = Talk(stack.web, FILL.format(count=300, host=stack.at["orders"]))
        try:
            event, noticed = replacement(stack, began)
        finally:
            stack.orders.unpause()
        back = time.monotonic()
        assert eventually(lambda: stack.get("orders", limit=1)[0] == "200", 15)
        healed = time.monotonic() - back
        time.sleep(1)  # some more requests on the replaced proxy
        web, mail = probes["stock"].rows(), probes["mail"].rows()
    full.say("stop")
    assert event["caller"] == "web" and "stood still" in event["what"]
    assert stack.control_east.renew(30)["holds"] == ["it"]
    assert any(took >= 0.15 for begun, took, good in web if good and begun > began + noticed), "as wanted again"
    failed = sum(not good for _, _, good in web)
    print(f"\nwedge 2: {event['what']}; noticed and replaced {noticed:.2f} s after the callee froze;")
    print(f"its edge answers {healed:.2f} s after the callee went on; the same caller's other edge: {failed} of")
    print(f"{len(web)} requests failed; {untouched(mail)}")


CRASH = """
import random, requests, time
base = "http://127.0.0.1:18000/proxies/orders.8080/toxics"; draw = random.Random(1); talk = requests.Session()
kinds = dict(timeout=dict(timeout=5), limit_data=dict(bytes=50), reset_peer=dict(timeout=0), slow_close=dict(delay=5))
kinds |= dict(latency=dict(latency=1), slicer=dict(average_size=50, delay=1), bandwidth=dict(rate=50))
begun = time.monotonic()
try:
    while time.monotonic() - begun < {limit}:
        pair = draw.sample(sorted(kinds), 2)
        for kind in pair:
            body = dict(name=kind, type=kind, stream="downstream", attributes=kinds[kind])
            talk.post(base, json=body, timeout=2)
        for kind in draw.sample(pair, 2): talk.delete(base + "/" + kind, timeout=2)
    print("alive")
except requests.RequestException as error: print(type(error).__name__, time.monotonic())
"""


HAMMER = """
import http.client, threading
def work():
    while True:
        c = http.client.HTTPConnection({host!r}, 8080, timeout=3)
        try:
            for _ in range(20): c.request("GET", "/"); c.getresponse().read()
        except (OSError, http.client.HTTPException): pass
        c.close()
for _ in range(12): threading.Thread(target=work, daemon=True).start()
print("on", flush=True); sys.stdin.readline()
"""


ENDED = "the process ended"
TRIES = 12
"""Some tries end in a wedge instead, which is replaced as well."""


def crashed(stack: Shop) -> float:
    """Provokes until Toxiproxy panics; when it died on the machine's monotonic clock."""
    for _ in range(TRIES):
        stack.events.clear()
        done = stack.east.exec_run(["python3", "-c", CRASH.format(limit=20)])
        how, died = done.output.decode().split()
        assert how != "alive", "two toxics in one direction no longer crash this Toxiproxy: the rule may go"
        event, _ = replacement(stack, float(died))
        if ENDED in event["what"]:
            assert event["caller"] == "web"
            return float(died)
    raise AssertionError(f"{TRIES} wedges and no crash")


def test_a_proxy_that_crashes_is_replaced_and_is_as_it_was(stack: Shop) -> None:
    held = {"it": (120.0, {FAR: Effect(latency_ms=150)})}
    assert stack.control_east.want(held, {}, 120)["missing"] == {}
    hammer = Talk(stack.web, HAMMER.format(host=stack.at["orders"]))
    assert hammer.line() == "on"
    with probed(stack, "stock", "mail") as probes:
        died = crashed(stack)
        time.sleep(1.5)
        web, mail = probes["stock"].rows(), probes["mail"].rows()
    hammer.say("stop")
    panics = [line for line in stack.east.logs().decode().splitlines() if line.startswith("panic:")]
    back = healthy_at(web, died)
    assert any(took >= 0.15 for begun, took, good in web if good and begun >= back), "as wanted again"
    assert panics and json.loads(inside_toxics(stack)) == []
    print(f"\ncrash: {panics[-1]}; replaced: {ENDED};")
    print(f"the caller's other edge answers again {max(back - died, 0):.2f} s after the crash; {untouched(mail)}")


def inside_toxics(stack: Shop) -> str:
    """Toxics of the edge on which the crash was provoked."""
    code = "import requests; print(requests.get('http://127.0.0.1:18000/proxies/orders.8080/toxics', timeout=3).text)"
    return str(stack.east.exec_run(["python3", "-c", code]).output.decode())
