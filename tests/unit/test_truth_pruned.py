"""A part of a Compose project is whole: all that the wanted services can call, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "truth"))

from pruned import below, callees, pruned


def service(calls: str = "", **more: object) -> dict[str, object]:
    return {"image": "mock", "labels": {"regionfall.calls": calls} if calls else {}, **more}


PROJECT = {
    "name": "cloud",
    "x-mock": {"image": "mock"},
    "x-regionfall": {"rtt": {"a~b": "5ms"}},
    "services": {
        "shop": service("front:80#public db:5432"),
        "front": service("store:8080"),
        "store": service(),
        "db": service(depends_on=["disk"]),
        "disk": service(),
        "people": service("store:8080 db:5432 other:1"),
        "other": service(),
        "maker": service(build={"context": "."}),
    },
}


def test_calls_are_read_from_the_label():
    assert callees(PROJECT["services"]["shop"]) == ["front", "db"]
    assert callees(PROJECT["services"]["store"]) == []


def test_everything_below_is_kept():
    assert below(PROJECT["services"], ["shop"]) == {"shop", "front", "store", "db", "disk"}
    with pytest.raises(KeyError):
        below(PROJECT["services"], ["nobody"])


def test_a_part_has_the_wanted_what_they_call_and_the_builder():
    part = pruned(PROJECT, ["people"], only={"people": {"store"}}, context="/somewhere")
    assert set(part["services"]) == {"people", "store", "maker"}
    assert part["services"]["people"]["labels"]["regionfall.calls"] == "store:8080"
    assert part["services"]["maker"]["build"]["context"] == "/somewhere"
    assert (part["name"], part["x-regionfall"]) == ("cloud", PROJECT["x-regionfall"])
    assert PROJECT["services"]["maker"]["build"]["context"] == ".", "the project given is not changed"
