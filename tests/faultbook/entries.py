"""Every fault of the catalogue as an experiment on the small guest, made from its own example. Pure.

A fault that is added to the catalogue is here by itself: its example keeps all that it says about the fault, only its
target becomes one that the guest has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from harness.faults.catalogue import CATALOGUE, SPREADS
from harness.faults.contract import ActsOn, Family, FaultType, Proof, Reach

REGION, SIDES, EDGE, SERVICE, FLAGGED = "west", "east | west", "web->orders", "orders", "idp"
HTTP_EDGE, UDP_EDGE, KEPT_EDGE = "web->pages", "web->clock:5300/udp", "internet->web"
HOLD_S, LONG_HOLD_S, REQUESTS_HOLD_S = 8, 12, 24
TIMES = ("id", "at", "for", "until", "source", "grade")
"""Keys of an item that are not about the fault."""


@dataclass(frozen=True)
class Entry:
    """One row of the page: a name, what acts, and the item of a `faults:` list."""

    name: str
    driver: str
    item: dict[str, Any]
    hold_s: int = HOLD_S
    needs: str = ""
    """What its stack must be started with: `requests` to break single ones, `names` to break them, '' nothing."""

    @property
    def connections(self) -> str:
        """Of the load. What strikes connections that are open finds none for sure unless clients keep theirs."""
        return "keep-alive" if self.item["on"] == KEPT_EDGE else "new"

    @property
    def asked(self) -> str:
        """The item as people write it."""
        return flow(self.item)


def entries() -> list[Entry]:
    """All faults in the order in which people read them, then the ways of spreading one, then a climb."""
    rows = [
        Entry(one.kind, one.driver, _item(one.example, target(one)), hold(one), needs(one))
        for one in CATALOGUE.values()
    ]
    rows += [Entry(one.kind, one.driver, _item(one.example, REGION), LONG_HOLD_S) for one in SPREADS]
    rows += [
        Entry(f"{one.kind}, climbing", one.driver, {"on": target(one), one.kind: climb}, LONG_HOLD_S)
        for one, climb in climbs()
    ]
    rows += [Entry(f"{kind} on datagrams", f"as {kind}", {"on": UDP_EDGE, kind: True}) for kind in ("hang", "refuse")]
    return [*rows, Entry("refuse on a role", "as refuse", {"on": "role:datastore", "refuse": True})]


def target(one: FaultType) -> str:
    """What it is tried on."""
    if one.acts_on is ActsOn.FLAGS:
        return FLAGGED
    if one.acts_on is ActsOn.SERVICES:
        return SERVICE
    if one.reach.two_sided:
        return SIDES
    if one.per_request:
        return HTTP_EDGE
    if one.proved_by is Proof.RESET:
        return KEPT_EDGE
    return EDGE if one.reach is Reach.INTO else REGION


def hold(one: FaultType) -> int:
    """Seconds; containers take long to go and come back, a small share of requests needs many to be told from none."""
    if one.per_request:
        return REQUESTS_HOLD_S
    return LONG_HOLD_S if one.acts_on is ActsOn.SERVICES else HOLD_S


def needs(one: FaultType) -> str:
    """What a stack must be started with for it."""
    return "requests" if one.per_request else "names" if one.by_name else ""


def climbs() -> Iterator[tuple[FaultType, dict[str, Any]]]:
    """Faults with a parameter that can climb: from a tenth of its example to all of it, in four steps."""
    for one in CATALOGUE.values():
        for parameter in one.parameters:
            if parameter.climbs and "steps" in {other.name for other in one.parameters}:
                yield one, {parameter.name: f"20ms -> {parameter.example}", "steps": 4}


def missing() -> list[str]:
    """Families of faults of which this version has none."""
    return [family for family in Family if family not in {one.family for one in CATALOGUE.values()}]


def experiment(entry: Entry, compose: str) -> dict[str, Any]:
    """A run of one fault: steady, the fault, a short time after."""
    load = {"rate": "20/s", "arrivals": "even", "deadline": "4s", "connections": entry.connections, "warmup": "1s"}
    return {
        "version": 1,
        "name": "fault-" + "".join(c if c.isalnum() else "-" for c in entry.name).strip("-"),
        "stack": {"compose": [compose]},
        "load": load | {"flows": {"shop": {"service": "web", "get": "/"}}},
        "steady": {
            "for": f"{entry.hold_s if entry.needs == 'requests' else 6}s",
            "expect": {"shop": {"availability": ">= 50%"}},
        },
        "timeline": [
            {"phase": "broken", "at": "0s", "for": f"{entry.hold_s}s", "faults": [entry.item | {"id": "it"}]},
            {"phase": "after", "for": "3s"},
        ],
    }


def flow(value: Any) -> str:
    """A value in YAML's flow style, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, str) and not re.fullmatch(r"[\w. /%-]+", value):
        return json.dumps(value)
    return "true" if value is True else "false" if value is False else str(value)


def _item(example: str, on: str) -> dict[str, Any]:
    item = dict(YAML(typ="safe").load(example))
    return {"on": on} | {key: value for key, value in item.items() if key not in ("on", *TIMES)}
