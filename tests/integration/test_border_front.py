"""Published ports: people reach a guest through its border, and nothing else of it."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker.models.containers import Container

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import CALLS, World, cell, eventually


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack)


@pytest.fixture(scope="module")
def border(world: World) -> Container:
    shop, start = world.network("shop")
    front, outside = world.network("front", front=True)
    guest = world.guest("shop", shop, start + "3")
    guest.start()
    config = {
        "border": "front",
        "cells": [cell("shop", start)],
        "front": {"address": outside + "2", "prefix": 29},
        "published": [{"port": 8080, "listen": 20000, "to": start + "3:8080", "service": "shop"}],
    }
    networks = [(shop, start + "2"), (front, outside + "2")]
    made = world.border(config, networks, ports={"20000/tcp": ("127.0.0.1", None), "18000/tcp": ("127.0.0.1", None)})
    made.reload()
    return made


def port_of(border: Container, port: int) -> int:
    return int(border.attrs["NetworkSettings"]["Ports"][f"{port}/tcp"][0]["HostPort"])


def ask(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.status)
    except OSError as error:
        return type(error).__name__


def test_a_published_port_leads_to_its_guest(border: Container) -> None:
    url = f"http://127.0.0.1:{port_of(border, 20000)}/"
    assert eventually(lambda: ask(url) == "200", 20)


def test_a_border_answers_people_nowhere_else(border: Container) -> None:
    assert ask(f"http://127.0.0.1:{port_of(border, 18000)}/proxies") != "200"


def test_a_guest_gets_no_way_out_through_the_front(world: World, border: Container) -> None:
    guest = world.docker.containers.get(f"{world.prefix}-shop")
    outside = border.attrs["NetworkSettings"]["Networks"][f"{world.prefix}-front"]["Gateway"]
    code = CALLS + f"print([dial({outside!r}, 22, 1)[1], dial('8.8.8.8', 443, 1)[1]])"
    done = guest.exec_run(["python3", "-c", code])
    assert done.output.decode().strip() == "['ConnectionRefusedError', 'ConnectionRefusedError']"


def test_a_published_service_counts_for_readiness(world: World, border: Container) -> None:
    control = world.control(border)
    assert eventually(lambda: control.callees() == {"shop:8080": True}, 20)
