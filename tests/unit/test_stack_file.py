"""The mock stack's Compose file agrees with itself: what a service is told to call is what it declares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

COMPOSE = Path(__file__).parents[2] / "compose"
SERVICES: dict[str, dict[str, Any]] = YAML(typ="safe").load(COMPOSE / "compose.yaml")["services"]
ADDRESS = re.compile(r"(?:https?|postgresql)://(?:\w+@)?([a-z0-9-]+):(\d+)")


def label(service: str, name: str) -> str:
    return str(SERVICES[service]["labels"].get(f"regionfall.{name}", ""))


def declared(service: str) -> set[tuple[str, str]]:
    words = (word.partition("#")[0] for word in label(service, "calls").split())
    return {(host, port) for host, _, port in (word.partition(":") for word in words)}


def told(service: str) -> set[tuple[str, str]]:
    """Addresses in the environment; the gateway and the cache are told without a scheme."""
    values = SERVICES[service].get("environment", {})
    found = {match for value in values.values() for match in ADDRESS.findall(str(value))}
    if "CACHE" in values:
        found.add(tuple(values["CACHE"].split(":")))
    if "POOL" in values:
        found |= {(values["POOL"], str(port)) for port in range(9001, 9009)}
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_declares_exactly_the_calls_that_it_is_told_to_make(service: str) -> None:
    assert declared(service) == told(service)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_says_where_it_is_what_it_is_and_how_it_is_called(service: str) -> None:
    assert all(label(service, name) for name in ("region", "role", "title"))
    assert SERVICES[service]["image"] == "regionfall-mock"
    assert "healthcheck" not in SERVICES[service]


@pytest.mark.parametrize("service", [name for name in SERVICES if label(name, "role") == "dependent"])
def test_no_dependent_can_be_told_to_misbehave(service: str) -> None:
    assert not label(service, "flags")


def test_every_dependent_that_clients_enter_says_how_it_is_built_and_what_to_expect() -> None:
    entered = [name for name in SERVICES if label(name, "role") == "dependent" and label(name, "entry")]
    assert len(entered) == 11
    assert all(label(name, word) for name in entered for word in ("strategy", "expected", "like"))


def test_the_image_is_built_once() -> None:
    assert len([name for name in SERVICES if "build" in SERVICES[name]]) == 1


def test_the_stack_stays_small() -> None:
    assert len(SERVICES) <= 40


def test_no_program_of_the_stack_knows_about_experiments_or_names_of_services() -> None:
    programs = {path: path.read_text() for path in (COMPOSE / "mock").glob("*.py")}
    names = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in SERVICES if "-" in name))
    found = {path.name: names.findall(text) for path, text in programs.items() if names.search(text)}
    assert found == {}
    assert not [path.name for path, text in programs.items() if re.search(r"\b(harness|chaos\.yaml|us-east)\b", text)]
