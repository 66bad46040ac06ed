"""Faults on single requests end by themselves: with the control stream, the lease, the agent frozen or dead."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

from harness.cluster.control import Border
from harness.model.effect import Cut, Effect
from harness.model.request_fault import Answer, RequestFault

EDGE = "web->desk:8080"
BROKEN = {"it": (60.0, {EDGE: Effect(requests=RequestFault(Answer.STATUS, status=503))})}


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(http=True) as made:
        made.start()
        eventually(lambda: made.dial("desk")[0] == "connected")
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    world.events.clear()
    yield world
    world.control_east.heal()
    assert eventually(lambda: world.get("desk")[0] == "200")


@pytest.fixture
def other(stack: Shop) -> Iterator[Border]:
    """A controller that may die, and a fault that it holds."""
    border = stack.control(stack.east, "mortal")
    assert border.want(BROKEN, {}, 30)["missing"] == {}
    assert stack.get("desk")[0] == "503"
    yield border
    border.close()


def inside(stack: Shop, command: str) -> str:
    """Output of a shell command in the east border."""
    done = stack.east.exec_run(["sh", "-c", command])
    return str(done.output.decode())


def haproxy(stack: Shop, signal: str) -> None:
    inside(stack, f"pkill -{signal} -f '[h]aproxy -db'")


def told(stack: Shop, what: str) -> list[dict[str, Any]]:
    return [event for _, event in stack.events if event["event"] == "disturbance" and what in event["what"]]


def test_it_ends_with_its_control_stream(stack: Shop, other: Border) -> None:
    other.close()
    eventually(lambda: stack.get("desk")[0] == "200", 3)


def test_it_ends_with_its_lease(stack: Shop, other: Border) -> None:
    other.renew(0.5)
    begun = time.monotonic()
    eventually(lambda: stack.get("desk")[0] == "200", 4)
    assert time.monotonic() - begun >= 0.3


def test_it_ends_with_its_own_time(stack: Shop, other: Border) -> None:
    assert other.want({"it": (1.0, BROKEN["it"][1])}, {}, 30)["missing"] == {}
    eventually(lambda: stack.get("desk")[0] == "200", 4)


def test_it_ends_within_five_seconds_of_a_frozen_agent_and_is_lost_when_the_agent_wakes_up(
    stack: Shop, other: Border
) -> None:
    stack.east.kill(signal="SIGSTOP")  # its first process is the agent; HAProxy and Toxiproxy go on
    begun = time.monotonic()
    try:
        assert stack.get("desk")[0] == "503"
        eventually(lambda: stack.get("desk")[0] == "200", 6)
        assert time.monotonic() - begun < 5.5
    finally:
        stack.east.kill(signal="SIGCONT")
    assert eventually(lambda: "it" in other.renew(30)["lost"], 5)


def test_haproxy_dies_with_its_agent_and_the_border_comes_up_clean(stack: Shop, other: Border) -> None:
    stack.east.kill(signal="SIGKILL")
    stack.east.wait(timeout=5)
    stack.east.start()
    stack.control_east = stack.control(stack.east, "test")
    assert eventually(lambda: stack.get("desk")[0] == "200", 15)
    assert inside(stack, "pgrep -c -f '[h]aproxy -db'").strip() == "1"


@pytest.mark.parametrize(("signal", "patience_s"), [("KILL", 5), ("STOP", 12)])
def test_a_dead_or_wedged_haproxy_is_replaced_and_brought_back_to_its_state(
    stack: Shop, other: Border, signal: str, patience_s: float
) -> None:
    haproxy(stack, signal)
    eventually(lambda: told(stack, "proxy replaced"), patience_s)
    assert told(stack, "proxy replaced")[0]["caller"] == "web"
    assert eventually(lambda: stack.get("desk")[0] == "503", 3)
    assert other.renew(30)["holds"] == ["it"]


@pytest.mark.drill
def test_a_wish_to_a_wedged_haproxy_is_granted_by_its_successor(stack: Shop, other: Border) -> None:
    haproxy(stack, "STOP")
    assert other.want({}, {}, 30)["missing"] == {}
    assert stack.get("desk")[0] == "200"


def number(stack: Shop) -> str:
    """The number of the edge to `desk` in its border."""
    found = inside(stack, f"grep -B1 'bind {stack.at['desk']}:8080' /run/regionfall/haproxy-0.cfg")
    return found.split()[1].removeprefix("edge_")


ASK = """
import socket
s = socket.socket(socket.AF_UNIX); s.connect("/run/regionfall/haproxy-0.sock"); s.sendall(b"{}\\n"); print(s.recv(99))
"""


def test_a_rule_that_somebody_took_away_is_lost_and_stays_away(stack: Shop, other: Border) -> None:
    stack.east.exec_run(["python3", "-c", ASK.format(f"regionfall put edge_{number(stack)} 1000")])
    assert eventually(lambda: "it" in other.renew(30)["lost"], 4)
    time.sleep(1.5)
    assert stack.get("desk")[0] == "200"


@pytest.mark.drill
def test_a_rule_that_somebody_added_is_noticed_and_goes_away_by_itself(stack: Shop) -> None:
    rule = "parts=10000,delay=0,answer=close"
    stack.east.exec_run(["python3", "-c", ASK.format(f"regionfall put edge_{number(stack)} 3000 {rule}")])
    assert stack.get("desk")[0] == "RemoteDisconnected"
    eventually(lambda: stack.get("desk")[0] == "200", 5)


def test_no_guest_reaches_haproxys_socket_nor_what_stands_behind_it(stack: Shop) -> None:
    gateway = stack.addresses["web"].rsplit(".", 1)[0] + ".1"
    place = number(stack)
    targets = [(stack.at["desk"], 30000 + int(place)), (f"127.64.0.{place}", 8001), (gateway, 8001)]
    targets += [(gateway, 8404), (stack.at["desk"], 8001)]
    code = f"print(json.dumps([dial(*target, limit=1)[1] for target in {targets}]))"
    assert stack.run(code) == ["ConnectionRefusedError"] * len(targets)
    assert inside(stack, "stat -c %a /run/regionfall/haproxy-0.sock").strip() == "600"
    seen = stack.run("import os; print(json.dumps([os.path.exists('/run/regionfall'), open('/proc/net/unix').read()]))")
    assert seen[0] is False and "haproxy" not in seen[1]


def test_a_fault_on_requests_and_a_cut_heal_together_on_live_connections(stack: Shop, other: Border) -> None:
    both = BROKEN | {"cut": (60.0, {EDGE: Effect(cut=Cut.RESET)})}
    assert other.want(both, {}, 30)["missing"] == {}
    assert stack.dial("desk")[0] == "ConnectionRefusedError"
    assert other.want(BROKEN, {}, 30)["missing"] == {}
    assert stack.get("desk")[0] == "503"
