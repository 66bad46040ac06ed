"""Faults end by themselves, in every way that a controller can die; what somebody else changes is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, Talk, eventually, shop

from harness.cluster.control import Border
from harness.cluster.stream import COMMAND, ExecStream
from harness.model.effect import Cut, Effect, Way
from harness.model.errors import ControlLost
from harness.model.shape import Ending

NEAR = "web->orders:8080"
HUNG, SLOW = Effect(cut=Cut.DROP), Effect(latency_ms=300)
MUTE, SHORT = Effect(cut=Cut.DROP, way=Way.RESPONSE), Effect(ending=Ending.LIMIT_DATA, amount=9)
TOXIC = "http://127.0.0.1:18000/proxies/orders.8080/toxics"


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop() as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    world.events.clear()
    yield world
    world.control_east.heal()
    world.control_east.want({}, {}, 5)
    assert eventually(lambda: world.get("orders")[0] == "200")


@pytest.fixture
def other(stack: Shop) -> Border:
    """A second controller, which may come to harm."""
    return stack.control(stack.east, "mortal")


def hold(border: Border, effect: Effect, lease_s: float = 30.0, left_s: float = 60.0) -> None:
    answer = border.want({"it": (left_s, {NEAR: effect})}, {}, lease_s)
    assert answer["missing"] == {} and list(answer["holds"]) == ["it"]


def inside(stack: Shop, command: str) -> str:
    done = stack.east.exec_run(["sh", "-c", command])
    assert done.exit_code == 0, done.output.decode()
    return str(done.output.decode())


def curl(method: str, path: str = "") -> str:
    code = f"import requests; print(requests.request({method!r}, {TOXIC + path!r}, timeout=2).text)"
    return f'python3 -c "{code}"'


def toxics(stack: Shop) -> Any:
    return json.loads(inside(stack, curl("GET")))


def told(stack: Shop, event: str) -> list[dict[str, Any]]:
    return [body for _, body in stack.events if body["event"] == event]


def left_behind(stack: Shop) -> list[str]:
    """Set elements and toxics that are not part of a healthy border."""
    sets = "for s in hung refused deaf mute; do nft list set ip regionfall $s; done"
    maps = "for m in share_of slow_of; do nft list map ip regionfall $m; done"
    return [line for line in inside(stack, f"{sets}; {maps}").splitlines() if "elements" in line] + toxics(stack)


@pytest.mark.parametrize(
    "effect", [HUNG, SLOW, pytest.param(MUTE, marks=pytest.mark.drill), SHORT], ids=["cut", "slow", "one way", "limit"]
)
def test_the_end_of_the_control_stream_heals_at_once(stack: Shop, other: Border, effect: Effect) -> None:
    hold(other, effect)
    assert left_behind(stack)
    other.close()
    begun = time.monotonic()
    eventually(lambda: not left_behind(stack), 3)
    assert time.monotonic() - begun < 3


CONTROLLER = """
import docker, sys, time
from harness.cluster.control import Border
from harness.model.effect import Cut, Effect, Way
border = Border.connect(docker.from_env().containers.get(sys.argv[1]), "doomed", lambda region, event: None)
border.want({"it": (60.0, {"web->orders:8080": Effect(cut=Cut.DROP)})}, {}, 60)
print("held", flush=True); time.sleep(60)
"""


def test_a_controller_that_is_killed_takes_its_faults_with_it(stack: Shop) -> None:
    words = [sys.executable, "-c", CONTROLLER, str(stack.east.name)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as controller:
        assert controller.stdout is not None
        assert controller.stdout.readline() == "held\n"
        assert stack.dial("orders", 0.3)[0] == "TimeoutError"
        controller.kill()
        killed = time.monotonic()
    assert eventually(lambda: stack.dial("orders", 0.3)[0] == "connected", 3)
    assert time.monotonic() - killed < 3, "far less than its lease"


def test_a_lease_that_is_not_renewed_runs_out_and_says_so(stack: Shop, other: Border) -> None:
    hold(other, SLOW, lease_s=1.0)
    eventually(lambda: told(stack, "lease_expired"), 5)
    assert told(stack, "lease_expired")[0]["injections"] == ["it"]
    assert left_behind(stack) == []
    answer = other.renew(5)
    assert answer["holds"] == []
    assert answer["lost"] == {"it": "the lease ran out"}


def test_a_renewed_lease_holds_beyond_its_first_end(stack: Shop, other: Border) -> None:
    hold(other, SLOW, lease_s=1.0)
    for _ in range(4):
        time.sleep(0.5)
        assert other.renew(1.0)["holds"] == ["it"]


@pytest.mark.drill
def test_an_injection_ends_at_its_own_deadline(stack: Shop, other: Border) -> None:
    hold(other, HUNG, left_s=0.7)
    eventually(lambda: told(stack, "expired"), 5)
    assert told(stack, "expired")[0]["injection"] == "it"
    assert left_behind(stack) == []
    assert other.renew(5) | {"id": 0} == {"id": 0, "ok": True, "left_s": 5, "holds": [], "lost": {}}


@pytest.mark.parametrize("effect", [HUNG, MUTE], ids=["cut", "one way"])
def test_cuts_end_in_the_kernel_when_the_agent_is_frozen(stack: Shop, other: Border, effect: Effect) -> None:
    hold(other, effect)
    assert stack.dial("orders", 0.4)[0] == "TimeoutError"
    begun = time.monotonic()
    # The agent is the container's first process, which its own namespace cannot stop; from outside it can.
    pid = agent_pid(stack)
    freeze(pid, "STOP")
    try:
        eventually(lambda: stack.get("orders", limit=0.5)[0] == "200", 8)
        took = time.monotonic() - begun
    finally:
        freeze(pid, "CONT")
    assert took < 7, "an element lives for four seconds"
    assert eventually(lambda: "it" in other.renew(5)["lost"], 5)


def agent_pid(stack: Shop) -> int:
    stack.east.reload()
    return int(stack.east.attrs["State"]["Pid"])


def freeze(pid: int, signal: str) -> None:
    subprocess.run(["kill", f"-{signal}", str(pid)], check=True)


def test_a_toxic_that_somebody_removed_is_lost(stack: Shop, other: Border) -> None:
    hold(other, SLOW)
    inside(stack, curl("DELETE", "/latency_upstream"))
    answer = other.renew(5)
    assert answer["holds"] == []
    assert NEAR in answer["lost"]["it"]
    assert [event["what"] for event in told(stack, "disturbance")]


def test_a_toxic_that_somebody_added_is_noticed(stack: Shop, other: Border) -> None:
    hold(other, SLOW)
    inside(stack, curl("POST").replace("timeout=2", "timeout=2, json={'type': 'slicer', 'attributes': {}}"))
    assert "it" in other.renew(5)["lost"]


def test_a_cut_that_somebody_removed_is_lost_and_not_put_back(stack: Shop, other: Border) -> None:
    hold(other, HUNG)
    inside(stack, "nft flush set ip regionfall hung")
    assert "it" in other.renew(5)["lost"]
    time.sleep(1.2)
    assert left_behind(stack) == []


@pytest.mark.drill
def test_what_was_removed_is_noticed_even_when_the_next_word_is_a_new_wish(stack: Shop, other: Border) -> None:
    hold(other, SLOW)
    inside(stack, curl("DELETE", "/latency_upstream"))
    answer = other.want({"it": (9.0, {NEAR: Effect(latency_ms=400)})}, {}, 5)
    assert "it" in answer["lost"]
    assert list(answer["holds"]) == ["it"]
    assert "it" in other.renew(5)["lost"], "a controller that only asks later learns it too"


def test_a_wedged_proxy_is_replaced_and_brought_back_to_its_state(stack: Shop, other: Border) -> None:
    hold(other, SLOW)
    inside(stack, "pkill -STOP -f '[p]ort 18000'")
    eventually(lambda: told(stack, "disturbance"), 12)
    event = told(stack, "disturbance")[0]
    assert event["caller"] == "web"
    assert "replaced" in event["what"]
    assert eventually(lambda: stack.get("orders")[1] >= 0.3)
    assert other.renew(5)["holds"] == ["it"]
    assert stack.control_east.status()["disturbances"]


@pytest.mark.drill
def test_a_wish_to_a_wedged_proxy_is_granted_by_its_successor(stack: Shop, other: Border) -> None:
    inside(stack, "pkill -STOP -f '[p]ort 18000'")
    hold(other, SLOW)
    assert stack.get("orders")[1] >= 0.3


def test_a_dead_proxy_is_replaced(stack: Shop, other: Border) -> None:
    hold(other, SLOW)
    inside(stack, "pkill -KILL -f '[p]ort 18000'")
    eventually(lambda: told(stack, "disturbance"), 5)
    assert eventually(lambda: stack.get("orders")[1] >= 0.3)
    assert other.renew(5)["holds"] == ["it"]


def test_heal_lifts_the_faults_of_everybody_and_tells_them(stack: Shop, other: Border) -> None:
    hold(other, HUNG)
    answer = stack.control_east.heal()
    assert answer["healed"] == ["it"] and answer["left"] == []
    assert left_behind(stack) == []
    assert eventually(lambda: told(stack, "healed_by_hand"))
    assert other.renew(5)["lost"] == {"it": "healed by hand"}


def test_status_lists_the_injections_of_every_owner(stack: Shop, other: Border) -> None:
    hold(other, HUNG)
    row = stack.control_east.status()["injections"][0]
    assert (row["id"], row["owner"], row["edges"], row["state"]) == ("it", "mortal", [NEAR], "holding")
    assert 50 < row["left_s"] <= 60


def test_flags_hold_at_their_service_and_end_with_their_injection(stack: Shop, other: Border) -> None:
    answer = other.want({}, {"sick": (60.0, {"orders": {"login": "fail", "rate": 0.5}})}, 30)
    assert answer["holds"]["sick"]["services"] == {"orders": {"login": "fail", "rate": 0.5}}
    assert flags(stack)["flags"] == {"login": "fail", "rate": 0.5}
    assert 0 < flags(stack)["left_s"] <= 5, "a service drops them by itself soon after its border is gone"
    time.sleep(1.2)
    assert other.renew(30)["holds"] == ["sick"]
    other.close()
    eventually(lambda: flags(stack)["flags"] == {}, 3)


@pytest.mark.drill
def test_flags_that_a_service_forgot_are_lost(stack: Shop, other: Border) -> None:
    other.want({}, {"sick": (60.0, {"orders": {"login": "fail"}})}, 30)
    stack.run(PUT.format(stack.addresses["orders"]), stack.orders)
    assert "sick" in other.renew(30)["lost"]


PUT = """
import urllib.request as u
u.urlopen(u.Request("http://127.0.0.1:8080/__faults", b'{{"flags": {{}}, "left_s": 0}}', method="PUT")); print(1)
"""


def flags(stack: Shop) -> Any:
    code = 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/__faults").read().decode())'
    return stack.run(code, stack.orders)


NONSENSE = [
    "",
    "garbage",
    "[]",
    "7",
    '{"op": "dance"}',
    '{"op": ["a"]}',
    '{"op": "want"}',
    '{"op": "want", "lease_s": "x"}',
    '{"op": "want", "lease_s": 1, "faults": 7}',
    '{"op": "want", "lease_s": 1, "faults": {"i": {"left_s": 1, "edges": {"web->orders:8080": {"cut": "x"}}}}}',
]


@pytest.mark.parametrize("line", NONSENSE)
def test_a_line_that_makes_no_sense_is_answered_with_an_error(stack: Shop, line: str) -> None:
    with raw(stack) as talk:
        talk.send(line.encode() + b'\n{"id": 5, "op": "hello", "owner": "x"}\n')
        answers = [json.loads(body) for body in lines(talk, 1 + bool(line))]
    assert answers[-1]["id"] == 5 and answers[-1]["ok"] is True
    if line:
        assert answers[0]["ok"] is False and answers[0]["error"]


def test_a_huge_line_is_skipped_and_half_a_line_is_no_wish(stack: Shop) -> None:
    with raw(stack) as talk:
        talk.send(b"x" * 5_000_000 + b'\n{"id": 5, "op": "status"}\n{"id": 6, "op": "he')
        refused, served = (json.loads(body) for body in lines(talk, 2))
    assert refused["ok"] is False and "4000000" in refused["error"]
    assert served["id"] == 5 and served["ok"] is True


@contextmanager
def raw(stack: Shop) -> Iterator[ExecStream]:
    """The control stream without its client."""
    stream = ExecStream(stack.east, COMMAND)
    try:
        yield stream
    finally:
        stream.close()


def lines(stream: ExecStream, count: int) -> list[bytes]:
    """The first lines that come, bounded by closing the stream."""
    timer = threading.Timer(15, stream.close)
    timer.start()
    rest = b""
    with suppress(StopIteration):
        frames = stream.frames()
        while rest.count(b"\n") < count:
            rest += next(frames)[1]
    timer.cancel()
    found = rest.split(b"\n")[:count]
    assert len(found) == count and all(found)
    return found


def test_a_border_that_is_gone_is_lost_control_not_a_hang(stack: Shop, other: Border) -> None:
    pid = int(inside(stack, "pgrep -n -f [c]ontainers.relay"))
    inside(stack, f"kill -9 {pid}")
    with pytest.raises(ControlLost, match="east"):
        eventually(lambda: not other.status())


def test_everything_comes_up_again_after_a_restart_of_the_container(stack: Shop) -> None:
    stack.east.restart(timeout=1)
    again = stack.control(stack.east, "again")
    assert again.edges == ("web->orders:8080", "web->stock:8080", "mail->stock:8080")
    assert eventually(lambda: stack.get("orders")[0] == "200" and stack.get("stock")[0] == "200", 15)
    hold(again, SLOW)
    assert stack.get("orders")[1] >= 0.3
    stack.control_east = again


def test_a_border_stops_when_it_is_told_to(stack: Shop) -> None:
    lone = Talk(stack.east, "print('x', flush=True); sys.stdin.readline()")
    assert lone.line() == "x"
    lone.close()
    begun = time.monotonic()
    stack.east.kill(signal="SIGTERM")
    stack.east.wait(timeout=5)
    assert time.monotonic() - begun < 5
    stack.east.start()
    stack.control_east = stack.control(stack.east, "test")
