"""What a guest sees of names: through the C library and the engine's own resolver, code and time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, printed, shop

AT_ONCE_S = 0.5

LOOK_UP = """
def look_up(name, family=0):
    begun = time.monotonic()
    try: found = sorted({answer[4][0] for answer in socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)})
    except OSError as error: found = error.errno
    return found, time.monotonic() - begun
"""
NO_SUCH_NAME, TRY_AGAIN = -2, -3
"""EAI_NONAME and EAI_AGAIN."""


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop() as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    yield world
    assert world.control_east.want({}, {}, 5)["missing"] == {}


def look_up(stack: Shop, name: str, family: int = 0) -> tuple[Any, float]:
    found, took = stack.run(f"{LOOK_UP}print(json.dumps(look_up({name!r}, {family})))")
    return found, took


@pytest.mark.parametrize("name", ["orders", "ORDERS", "stock", "warehouse.example", "nobody"])
def test_names_of_the_project_resolve_without_a_hosts_file(stack: Shop, name: str) -> None:
    at = stack.at.get(name.lower(), stack.at["stock"])
    for family in (0, 2):
        found, took = look_up(stack, name, family)
        assert found == [at] and took < AT_ONCE_S


def test_a_name_outside_the_project_does_not_exist_at_once_and_is_listed(stack: Shop) -> None:
    found, took = look_up(stack, "api.payments.example")
    assert found == NO_SUCH_NAME and took < AT_ONCE_S
    blocked = stack.control_east.stats()["blocked"]
    rows = [row for row in blocked if row["name"] == "api.payments.example"]
    assert [(row["caller"], row["proto"]) for row in rows] == [("web", "dns")]
    assert not [row for row in blocked if row["name"] in stack.at], "what is answered is not undeclared"


def test_long_answers_may_be_fetched_over_tcp(stack: Shop) -> None:
    gateway = stack.addresses["web"].rsplit(".", 1)[0] + ".1"
    code = f"""
s, name, took = dial({gateway!r}, 53)
message = b"ab\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6orders\\0\\0\\1\\0\\1"
s.sendall(len(message).to_bytes(2, "big") + message); answer = s.recv(500)
print(json.dumps([name, socket.inet_ntoa(answer[-4:])]))
"""
    assert stack.run(code) == ["connected", stack.at["orders"]]


@pytest.mark.drill
def test_a_name_server_that_died_or_froze_is_replaced_and_that_is_recorded(stack: Shop) -> None:
    for signal in ("KILL", "STOP"):
        before = len(stack.control_east.status()["disturbances"])
        pid = printed(stack.east, "pgrep", "-f", "border.names").split()[0]
        assert stack.east.exec_run(["kill", f"-{signal}", pid]).exit_code == 0
        begun = time.monotonic()
        while (answer := look_up(stack, "orders"))[0] != [stack.at["orders"]]:
            assert time.monotonic() - begun < 15, answer
        events = stack.control_east.status()["disturbances"][before:]
        assert any("name server replaced" in event["what"] for event in events), events
