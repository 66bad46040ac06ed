"""A UDP callee is down by somebody's word, and that word goes with whoever gave it."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from harness.containers.border.config import parse_config
from harness.containers.border.datagrams import Datagrams
from harness.containers.border.nft import Nft

EDGE = {"id": "web->dns:53/udp", "caller": "web", "callee": "dns", "listen": "198.19.0.1", "port": 53}
CONFIG = {
    "border": "east",
    "cells": [{"name": "web", "gateway": "198.18.0.1", "address": "198.18.0.2", "prefix": 29}],
    "datagrams": [EDGE | {"upstream": "198.18.0.9:53"}],
}
KEY = "198.19.0.1 . 53"


class Filter:
    """What a packet filter would hold after these scripts."""

    def __init__(self) -> None:
        self.down: set[str] = set()

    def run(self, script: str) -> None:
        for line in script.splitlines():
            verb, _, rest = line.partition(" element ")
            assert " udp_down { " in f" {rest}", line
            keys = set(rest[rest.index("{") + 1 : rest.index("}")].strip().split(", "))
            self.down = self.down | keys if verb == "add" else self.down - keys


@pytest.fixture
def filter_() -> Filter:
    return Filter()


@pytest.fixture
def datagrams(filter_: Filter) -> Datagrams:
    return Datagrams(parse_config(json.dumps(CONFIG)), cast(Nft, filter_))


def test_a_callee_is_refused_from_the_word_that_it_is_down_until_the_word_that_it_is_back(
    datagrams: Datagrams, filter_: Any
) -> None:
    datagrams.say_down(1, "dns", True)
    assert filter_.down == {KEY}
    datagrams.say_down(1, "dns", False)
    assert filter_.down == set()


def test_the_word_of_a_connection_that_ended_counts_no_more(datagrams: Datagrams, filter_: Any) -> None:
    datagrams.say_down(1, "dns", True)
    datagrams.forget(1)
    assert filter_.down == set()


def test_it_stays_down_while_another_connection_says_so(datagrams: Datagrams, filter_: Any) -> None:
    for key in (1, 2):
        datagrams.say_down(key, "dns", True)
    datagrams.forget(1)
    assert filter_.down == {KEY}
    datagrams.forget(2)
    assert filter_.down == set()


def test_whoever_heard_it_last_is_right_and_services_without_datagrams_are_left_alone(
    datagrams: Datagrams, filter_: Any
) -> None:
    datagrams.say_down(1, "dns", True)
    datagrams.say_down(2, "dns", False)
    assert filter_.down == set()
    datagrams.say_down(1, "web", True)
    datagrams.forget(1)
    assert filter_.down == set()
