"""UDP calls: forwarded, counted and cut, within a region and between two, live flows as well; never slowed."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)
COMPOSE = shop.GUESTS / "datagrams" / "compose.yaml"
NEAR, FAR = "web->near:5300/udp", "web->far:5300/udp"
RUN = f"""\
version: 1
name: datagrams
stack: {{compose: [{COMPOSE}]}}
load: {{rate: 40/s, arrivals: even, warmup: 1s, flows: {{web: {{}}}}}}
steady: {{for: 6s}}
timeline:
  - {{phase: silent, for: 5s, faults: [{{id: silent, on: "{NEAR}", hang: true}}]}}
  - {{phase: breath, for: 3s}}
  - {{phase: closed, for: 5s, faults: [{{id: closed, on: "{FAR}", refuse: true}}]}}
  - {{phase: again, for: 3s}}
  - {{phase: gone, for: 5s, faults: [{{id: gone, on: west, how: blackout}}]}}
  - {{phase: after, for: 4s}}
expect:
  web: [{{availability: "<= 10%", phases: [silent, closed, gone]}}, {{availability: ">= 80%", phases: [after]}}]
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """The guest, up."""
    shell = shop.Shell(tmp_path_factory.mktemp("datagrams"), COMPOSE_FILE=str(COMPOSE))
    up = shell("up", "--json")
    assert up.code == 0, up.err
    shell.url = json.loads(up.out)["urls"]["web"]
    yield shell
    down = shell("down")
    assert down.code == 0, down.err


def said(shell, path: str = "") -> str:
    """What the page says of its callees."""
    try:
        with urllib.request.urlopen(shell.url.rstrip("/") + "/" + path, timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def test_datagrams_get_through_where_they_are_declared(shell):
    shop.wait_for(lambda: said(shell) == "ok ok", 20)
    assert said(shell, "kept") == "ok"
    listed = shell("edges", "--json")
    assert NEAR in listed.out and FAR in listed.out


def test_cuts_of_datagrams_are_proved_contained_and_healed(shell):
    shell.write("run.chaos.yaml", RUN)
    answer = shell.run("run.chaos.yaml")
    assert answer.code == 0, answer.reasons + answer.err
    for name, edge in (("silent", NEAR), ("closed", FAR), ("gone", FAR)):
        one = answer.injection(name)
        assert one["state"] == "healed" and one["effect"]["proved"] and one["contained"]["proved"], one
        assert edge in one["edges"]
    assert said(shell) == "ok ok"


@pytest.mark.drill
def test_a_live_flow_is_cut_and_goes_on_afterwards_and_callers_see_which_cut_it_is(shell):
    assert said(shell, "kept") == "ok"
    for kind, seen in (("hang", "TimeoutError"), ("refuse", "ConnectionRefusedError")):
        added = shell("fault", "add", NEAR, kind, "--for", "60s", "--json")
        assert added.code == 0, added.err
        assert said(shell, "kept") == seen and said(shell, "near") == seen and said(shell, "far") == "ok"
        assert shell("fault", "rm", json.loads(added.out)["id"]).code == 0
        shop.wait_for(lambda: said(shell, "kept") == "ok", 10)
    assert said(shell) == "ok ok"


@pytest.mark.drill
def test_a_callee_whose_container_is_gone_looks_like_a_closed_port(shell):
    added = shell("fault", "add", "near", "kill", "--for", "60s", "--json")
    assert added.code == 0, added.err
    shop.wait_for(lambda: said(shell, "near") == "ConnectionRefusedError", 5)
    assert said(shell, "far") == "ok"
    assert shell("fault", "rm", json.loads(added.out)["id"]).code == 0
    shop.wait_for(lambda: said(shell) == "ok ok", 20)


@pytest.mark.drill
def test_a_cut_ends_in_the_kernel_when_nobody_refreshes_it(shell):
    added = shell("fault", "add", NEAR, "hang", "--for", "60s", "--json")
    assert added.code == 0, added.err
    home = shell.directory / ".regionfall"
    labels = [f"label=regionfall.home={home}", "label=regionfall.region=east", "label=regionfall.part=border"]
    words = ["docker", "ps", "-q", *(word for label in labels for word in ("--filter", label))]
    (border,) = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    form = ["docker", "inspect", "-f", "{{.State.Pid}}", border]
    pid = subprocess.run(form, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run(["kill", "-STOP", pid], check=True)
    try:
        shop.wait_for(lambda: said(shell, "near") == "ok", 8)
    finally:
        subprocess.run(["kill", "-CONT", pid], check=True)
    shell("heal")
    shop.wait_for(lambda: said(shell) == "ok ok", 20)


def test_what_datagrams_cannot_take_is_refused_or_leaves_them_out_by_name(shell):
    shell.write("slow.chaos.yaml", RUN.replace("hang: true", "slow: 300ms"))
    refused = shell("plan", "slow.chaos.yaml")
    assert refused.code == 2 and f"{NEAR} is UDP, which can be cut as a whole, but takes no slow" in refused.err
    shell.write("region.chaos.yaml", RUN.replace("how: blackout", "slow: 300ms"))
    told = shell("plan", "region.chaos.yaml")
    assert told.code == 0 and "slow leaves UDP calls as they are" in told.out
