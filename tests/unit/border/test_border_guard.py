"""When a proxy whose listener stands still is replaced: rarely, and at once when a deaf callee hears again."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from harness.containers.border import guard
from harness.containers.border.config import parse_config

LISTEN, CALLEE = ("198.19.0.1", 8080), ("198.18.0.9", 8080)
EDGE = {"id": "web->orders:8080", "caller": "web", "callee": "orders", "listen": LISTEN[0], "port": 8080}
CONFIG = {
    "border": "east",
    "cells": [{"name": "web", "gateway": "198.18.0.1", "address": "198.18.0.2", "prefix": 29}],
    "edges": [EDGE | {"upstream": "198.18.0.9:8080"}],
}


class World:
    """What the kernel shows, the time, and when the proxy was replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.waits, self.unanswered, self.replaced = 100.0, True, True, list[float]()
        monkeypatch.setattr(guard, "waiting_listeners", lambda: {LISTEN} if self.waits else set())
        monkeypatch.setattr(guard, "unanswered_dials", lambda: {CALLEE} if self.unanswered else set())
        monkeypatch.setattr(guard, "doubt_neighbour", lambda _: None)
        monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: self.now))
        server = SimpleNamespace(running=True, replace=lambda *_: self.replaced.append(self.now))
        holding: Any = SimpleNamespace(
            servers={"web": server}, gates=SimpleNamespace(gates={}, fronts=lambda: set[tuple[str, int]]())
        )
        self.guard = guard.Guard(parse_config(json.dumps(CONFIG)), holding, lambda _: True)

    def looks_until(self, end: float) -> list[float]:
        """A look every 250 ms; the moments of replacement so far."""
        while self.now < end:
            self.guard.look()
            self.now += 0.25
        return self.replaced


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_while_a_callee_stays_deaf_its_callers_proxy_is_replaced_every_ten_seconds_at_most(world: World) -> None:
    assert world.looks_until(120.0) == [101.25, 111.25]


def test_a_queue_is_let_go_once_as_soon_as_the_callee_answers_again(world: World) -> None:
    world.looks_until(106.0)
    world.unanswered = False
    assert world.looks_until(110.0) == [101.25, 106.0]


def test_a_stall_that_no_callee_made_waits_its_turn(world: World) -> None:
    world.unanswered = False
    assert world.looks_until(110.0) == [101.25]
