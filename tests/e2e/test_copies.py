"""A service that runs three times: its callers reach all copies by one name, and faults strike one copy or all."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]
COMPOSE = shop.GUESTS / "copies" / "compose.yaml"
COPIES = ("orders-1", "orders-2", "orders-3")
RUN = f"""\
version: 1
name: copies
seed: 7
stack: {{compose: [{COMPOSE}]}}
load: {{rate: 20/s, arrivals: even, warmup: 1s, deadline: 3s, connections: new, flows: {{web: {{}}}}}}
steady: {{for: 6s}}
timeline:
  - {{phase: one, for: 6s, faults: [{{id: one, on: orders, kill: true, share: 34%}}]}}
  - {{phase: breath, for: 4s}}
  - {{phase: all, for: 5s, faults: [{{id: all, on: "web->orders", refuse: true}}]}}
  - {{phase: after, for: 3s}}
expect:
  web: [{{availability: ">= 90%", phases: [one]}}, {{availability: "<= 5%", phases: [all]}}]
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """The guest, up."""
    shell = shop.Shell(tmp_path_factory.mktemp("copies"), COMPOSE_FILE=str(COMPOSE))
    up = shell("up", "--json")
    assert up.code == 0, up.err
    shell.up = json.loads(up.out)
    shell.url = shell.up["urls"]["web"]
    yield shell
    down = shell("down")
    assert down.code == 0, down.err


def test_callers_reach_every_copy_by_the_shared_name(shell):
    assert any("3 copies run as services orders-1 to orders-3" in note for note in shell.up["notes"])
    edges = json.loads(shell("edges", "--json").out)
    assert {edge["callee"] for edge in edges if edge["caller"] == "web"} == set(COPIES)


def test_one_copy_of_three_is_killed_and_callers_that_try_the_next_address_do_not_notice(shell):
    shell.write("share.chaos.yaml", RUN)
    answer = shell.run("share.chaos.yaml")
    assert answer.code == 0, answer.reasons + answer.err
    one, every = answer.injection("one"), answer.injection("all")
    assert len(one["edges"]) == 1 and one["edges"][0] in {f"web->{name}:8080" for name in COPIES}, one
    assert sorted(every["edges"]) == [f"web->{name}:8080" for name in COPIES]
    for injection in (one, every):
        assert injection["state"] == "healed" and injection["effect"]["proved"], injection
        assert injection["contained"]["proved"], injection


def test_by_hand_the_shared_name_means_all_copies_and_a_copy_only_itself(shell):
    assert shop.wait_for(lambda: shop.status_of(shell.url) == 200, 20)
    added = shell("fault", "add", "web->orders-2", "refuse", "--for", "60s", "--json")
    assert added.code == 0, added.err
    assert [shop.status_of(shell.url) for _ in range(12)] == [200] * 12
    assert shell("fault", "rm", json.loads(added.out)["id"]).code == 0
    added = shell("fault", "add", "orders", "pause", "--for", "60s", "--json")
    assert added.code == 0, added.err
    assert shop.status_of(shell.url, timeout=1.0) == 0
    assert shell("heal").code in (0, 3)
    assert shop.wait_for(lambda: shop.status_of(shell.url) == 200, 30)
