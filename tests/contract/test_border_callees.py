"""A callee that is down looks down: the reference is a callee whose process is gone on a live host, called directly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

AT_ONCE_S = 0.5
"""Far below the second after which a lost dial is sent again, far above what a busy machine takes to answer one."""

KILL = ["sh", "-c", "kill -9 $(cat /tmp/pid)"]
SERVE = ["sh", "-c", 'python3 -c "$GUEST" & echo $! > /tmp/pid; wait']
SERVICES = ["orders", "stock"]


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop() as made:
        yield made


def kill_process(world: Shop, service: str) -> None:
    """The server dies inside its container, which lives on; one call must fail before anybody knows."""
    container(world, service).exec_run(KILL)
    world.get(service)


def container(world: Shop, service: str):  # type: ignore[no-untyped-def]
    return {"orders": world.orders, "stock": world.stock}[service]


def tell(world: Shop, service: str, down: bool) -> None:
    """What the controller does with an event of the engine."""
    for control in (world.control_east, world.control_west):
        control.down(service, down)


def looks_down(world: Shop, service: str) -> None:
    """Refused, as the reference is, and at once."""
    how, took = eventually(lambda: (dial := world.dial(service))[0] == "ConnectionRefusedError" and dial)
    assert how == reference(world)[0] == "ConnectionRefusedError"
    assert took < AT_ONCE_S


def reference(world: Shop) -> tuple[str, float]:
    """A dial to a port without a process on a host that lives, past no border: web's own address."""
    how, took = world.run(f"s, n, t = dial({world.addresses['web']!r}, 8080); print(json.dumps([n, t]))")
    return how, took


def answers(world: Shop, service: str) -> bool:
    return eventually(lambda: world.get(service)[0] == "200", 15)  # type: ignore[no-any-return]


def test_the_reference_really_is_a_process_that_was_killed(world: Shop) -> None:
    raw = world.run(
        """
import subprocess
child = subprocess.Popen([sys.executable, "-m", "http.server", "8080"], stderr=subprocess.DEVNULL)
while dial("127.0.0.1", 8080)[1] != "connected": time.sleep(0.05)
child.kill(); child.wait()
s, name, took = dial("127.0.0.1", 8080); print(json.dumps([name, took]))
"""
    )
    assert raw[0] == reference(world)[0]


@pytest.mark.parametrize("service", SERVICES)
def test_not_yet_started_looks_down_and_comes_up_by_itself(world: Shop, service: str) -> None:
    how, took = world.dial(service)
    assert how == "ConnectionRefusedError"
    assert took < AT_ONCE_S
    container(world, service).start()
    assert answers(world, service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_killed_inside_its_container_looks_down_after_one_failed_dial(world: Shop, service: str) -> None:
    assert answers(world, service)
    kill_process(world, service)
    looks_down(world, service)
    container(world, service).exec_run(SERVE, detach=True)
    assert answers(world, service)


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("service", SERVICES)
def test_a_container_that_ends_looks_down_at_the_engines_event(world: Shop, service: str, how: str) -> None:
    assert answers(world, service)
    getattr(container(world, service), how)(**({"timeout": 1} if how == "stop" else {}))
    tell(world, service, down=True)
    looks_down(world, service)
    container(world, service).start()
    tell(world, service, down=False)
    assert answers(world, service)


def test_the_word_of_the_engine_alone_lifts_nothing(world: Shop) -> None:
    assert answers(world, "orders")
    world.orders.kill()
    tell(world, "orders", down=True)
    tell(world, "orders", down=False)
    assert world.dial("orders")[0] == "ConnectionRefusedError"
    assert world.control_east.callees()["orders:8080"] is False
    assert "orders:8080" in world.control_east.callee_reasons()
    world.orders.start()
    eventually(lambda: world.control_east.callees()["orders:8080"], 15)


def test_readiness_names_what_this_border_reaches_itself(world: Shop) -> None:
    assert answers(world, "orders") and answers(world, "stock")
    assert world.control_east.callees() == {"orders:8080": True}
    assert world.control_west.callees() == {"stock:8080": True}


def test_changes_are_told_as_events(world: Shop) -> None:
    told = [(region, event["callee"], event["up"]) for region, event in world.events if event["event"] == "callee"]
    assert ("east", "orders:8080", True) in told
    assert ("east", "orders:8080", False) in told
    assert ("west", "stock:8080", True) in told


@pytest.mark.drill
def test_a_neighbour_that_vanished_without_a_word_looks_down(world: Shop) -> None:
    world.start()
    world.orders.kill()
    # Nobody tells the border: the neighbour's silence does, as soon as the kernel has given up on it.
    eventually(lambda: world.get("orders", limit=1) and world.dial("orders", 1)[0] == "ConnectionRefusedError", 30)
    world.orders.start()
    assert answers(world, "orders")
