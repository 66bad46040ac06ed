"""Targets and faults where some calls are UDP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import Edge, Stack
from harness.spec.load import load_experiment
from harness.spec.targets import select

ASKED = Edge("web", "idp", 53, caller_region="us-east-1", callee_region="us-east-1", udp=True)
BOTH = replace(ASKED, udp=False)


@pytest.fixture
def mixed(shop: Stack) -> Stack:
    """The shop, whose web also asks idp on port 53, both ways."""
    return replace(shop, edges=(*shop.edges, ASKED, BOTH))


def plan(tmp_path: Path, stack: Stack, fault: str) -> Plan:
    path = tmp_path / "it.chaos.yaml"
    path.write_text(f"version: 1\ntimeline:\n  - {{phase: gone, for: 20s, faults: [{fault}]}}\n")
    return load_experiment(path, read_stack=lambda files, directory: stack)


def test_the_protocol_tells_two_edges_of_one_port_apart(mixed: Stack) -> None:
    for target, ids in (
        ("web->idp:53", ["web->idp:53/udp", "web->idp:53"]),
        ("web->idp:53/udp", ["web->idp:53/udp"]),
        ("web->idp:53/tcp", ["web->idp:53"]),
    ):
        assert [edge.id for edge in select(mixed, target).edges] == ids


@pytest.mark.parametrize("fault", ["hang: true", "refuse: true", "how: blackout", "hang: true, flap: 4s"])
def test_cuts_reach_datagrams(tmp_path: Path, mixed: Stack, fault: str) -> None:
    assert ASKED.id in plan(tmp_path, mixed, f"{{on: us-east-1, {fault}}}").injections[0].edges


@pytest.mark.parametrize("fault", ["slow: 1s", "reset_peer: true", "bandwidth: 9KB/s", "hang: true, share: 50%"])
def test_what_needs_a_proxy_leaves_datagrams_out_and_says_so(tmp_path: Path, mixed: Stack, fault: str) -> None:
    made = plan(tmp_path, mixed, f"{{on: idp, {fault}}}")
    assert ASKED.id not in made.injections[0].edges and BOTH.id in made.injections[0].edges
    assert any("leaves UDP calls as they are (web->idp:53/udp" in note for note in made.notes)


@pytest.mark.parametrize("fault", ["slow: 1s", "unresolved: true", "hang: true, share: 50%"])
def test_on_datagrams_alone_it_is_refused(tmp_path: Path, mixed: Stack, fault: str) -> None:
    with pytest.raises(InvalidFile, match="is UDP, which can be cut as a whole"):
        plan(tmp_path, mixed, f'{{on: "web->idp:53/udp", {fault}}}')
