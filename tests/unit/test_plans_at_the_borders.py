"""What a plan accepts, every border takes: at each moment at which the plan tells it something, and to the end.

A border that refuses what it is told ends the run in the middle. So whatever cannot be is refused when it is planned.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parents[1] / "faultbook"))
from entries import HTTP_EDGE, REGION, SIDES, UDP_EDGE, entries

from harness.cluster.control import Border
from harness.cluster.project import project_from
from harness.containers.border.desired import Desired, parse_want
from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.runner.desired import changes_at, desired
from harness.spec.load import load_experiment

GUEST = Path(__file__).parents[1] / "guests" / "catalogue" / "compose.yaml"
ITEMS = [entry.item for entry in entries()]
SPREADS: list[dict[str, Any]] = [
    {},
    {"flap": {"on": "3s", "off": "2s"}},
    {"ramp": {"over": "6s", "steps": 3}},
    {"gray": "50%"},
    {"gray": "50%", "flap": "3s"},
    {"share": "40%"},
]
TARGETS = [REGION, "east", "web", "orders", "idp", "web->orders", HTTP_EDGE, UDP_EDGE, SIDES, "role:datastore"]


@pytest.fixture(scope="module")
def stack() -> Stack:
    config = YAML(typ="safe").load(GUEST.read_text(encoding="utf-8"))
    return project_from(config, [GUEST], directory=GUEST.parent).stack


class Client(Border):
    """The real client of a border, whose messages stay here."""

    def __init__(self) -> None:
        """Without a stream."""

    def _call(self, op: str, **fields: object) -> dict[str, Any]:
        return json.loads(json.dumps(fields))


def borders(stack: Stack) -> dict[str, Desired]:
    """What the agents of a guest would keep, if names are broken as well."""
    found = {}
    for region in stack.regions:
        edges = [edge for edge in stack.edges if edge.caller_region == region]
        found[region] = Desired(
            {edge.id: 0 for edge in edges},
            [service.name for service in stack.services if service.region == region],
            http=[edge.id for edge in edges if edge.http],
            looked_up=[edge.id for edge in edges],
            datagrams=[edge.id for edge in edges if edge.udp],
        )
    return found


def planned(folder: Path, stack: Stack, items: list[dict[str, Any]]) -> Plan:
    phases = [{"phase": "broken", "at": "0s", "for": "20s", "faults": items}, {"phase": "after", "for": "3s"}]
    file = folder / "it.chaos.yaml"
    file.write_text(json.dumps({"version": 1, "seed": 2, "stack": {"compose": [str(GUEST)]}, "timeline": phases}))
    return load_experiment(file, read_stack=lambda files, directory: stack)


def told_to_the_end(plan: Plan) -> None:
    there = borders(plan.stack)
    for moment in changes_at(plan):
        for region, want in desired(plan, moment + 0.001).items():
            there[region].want(1, parse_want(Client().want(want.faults, want.flags, 3.0), "a run", moment))


@pytest.mark.parametrize("spread", SPREADS[:3], ids=str)
@pytest.mark.parametrize("on", [None, REGION])
def test_every_fault_of_the_catalogue_however_it_is_spread(
    tmp_path: Path, stack: Stack, spread: dict[str, Any], on: str | None
) -> None:
    told = 0
    for item in ITEMS:
        bare = {key: value for key, value in item.items() if key not in ("flap", "ramp") or not spread}
        try:
            plan = planned(tmp_path, stack, [bare | spread | ({"on": on} if on else {}) | {"id": "it"}])
        except InvalidFile:  # not every fault can be spread, or take a region
            continue
        told_to_the_end(plan)
        told += 1
    assert told > 5, "else this says little"


@st.composite
def some_item(draw: st.DrawFn) -> dict[str, Any]:
    item = draw(st.sampled_from(ITEMS)) | draw(st.sampled_from(SPREADS))
    if draw(st.booleans()):
        item |= {"on": draw(st.sampled_from(TARGETS))}
    if draw(st.booleans()):
        item |= {"at": f"{draw(st.integers(0, 6))}s", "for": f"{draw(st.integers(4, 14))}s"}
    return item


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(items=st.lists(some_item(), min_size=1, max_size=4))
def test_any_faults_that_overlap(tmp_path: Path, stack: Stack, items: list[dict[str, Any]]) -> None:
    try:
        plan = planned(tmp_path, stack, [item | {"id": f"i{index}"} for index, item in enumerate(items)])
    except InvalidFile:
        return
    told_to_the_end(plan)


BLACKHOLE, RESET = {"on": REGION, "how": "blackhole"}, {"on": "web->orders", "reset": {"every": "5s"}}


@pytest.mark.parametrize(
    "over",
    [{"refuse": True, "for": "10s"}, {"refuse": True, "ramp": {"over": "9s", "steps": 3}}],
    ids=["for ten seconds", "piece by piece"],
)
def test_what_a_refusal_hides_is_refused_for_the_moment_at_which_it_shows(
    tmp_path: Path, stack: Stack, over: dict[str, Any]
) -> None:
    """A refused port answers, so a reset could be seen beside it; without it, it could not. The seed of the file says
    which edges a ramp takes first; web->orders is not among them."""
    items = [BLACKHOLE | {"id": "hole"}, RESET | {"id": "reset"}, {"on": REGION, "id": "over"} | over]
    with pytest.raises(InvalidFile, match="'hole', 'reset' cannot hold together: a reset of live"):
        planned(tmp_path, stack, items)
