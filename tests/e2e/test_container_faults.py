"""Containers are killed, frozen and starved by a run, by hand, and come back whoever dies meanwhile."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)

THREE = """\
version: 1
name: three
load: {rate: 40/s, arrivals: even, warmup: 1s, flows: {web: {}}}
steady: {for: 5s}
timeline:
  - {phase: killed, for: 5s, faults: [{id: killed, on: db, kill: true}]}
  - {phase: breath, for: 7s}
  - {phase: frozen, for: 5s, faults: [{id: frozen, on: orders, pause: true}]}
  - {phase: again, for: 5s}
  - {phase: starved, for: 9s, faults: [{id: starved, on: db, memory: 8MB}]}
  - {phase: after, for: 9s}
expect: {web: [{availability: "<= 20%", phases: [killed]}, {availability: ">= 60%", phases: [after]}]}
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A stranger's three services, up."""
    folder = tmp_path_factory.mktemp("harmed")
    for name in ("three-services", "two-services"):
        shutil.copytree(shop.GUESTS / name, folder / name)
    shell = shop.Shell(folder / "three-services")
    up = shell("up", "--json")
    assert up.code == 0, up.err
    shell.url = json.loads(up.out)["urls"]["web"]
    yield shell
    down = shell("down")
    assert down.code == 0, down.err
    assert containers(shell) == {}


def containers(shell) -> dict[str, tuple[str, str]]:
    """Name -> (part, state) of every container that was started from this folder."""
    home = shell.directory / ".regionfall"
    form = '{{.Names}} {{.Label "regionfall.part"}} {{.State}}'
    words = ["docker", "ps", "-a", "--filter", f"label=regionfall.home={home}", "--format", form]
    rows = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: (part, state) for name, part, state in map(str.split, rows)}


def helper(shell) -> str:
    """The helper that harms containers; '' if there is none."""
    return next((name for name, (part, _) in containers(shell).items() if part == "guardian"), "")


def guests(shell) -> set[str]:
    return {state for part, state in containers(shell).values() if part == "guest"}


def test_killed_frozen_and_starved_services_are_felt_by_callers_and_come_back(shell):
    shell.write("three.chaos.yaml", THREE)
    answer = shell.run("three.chaos.yaml")
    assert answer.code == 0, answer.reasons + answer.err
    for name in ("killed", "frozen", "starved"):
        one = answer.injection(name)
        assert one["state"] == "healed" and one["effect"]["proved"] and one["contained"]["proved"], one
    assert "refused" in answer.injection("killed")["effect"]["measure"]
    assert any(e["event"] == "service_event" and e["action"] == "oom" for e in shell.events()), "no real OOM kill"
    assert guests(shell) == {"running"} and helper(shell) == ""


@pytest.mark.drill
def test_a_killed_controller_leaves_no_service_down(shell):
    shell.write("killed.chaos.yaml", THREE)
    runs = shell.directory / ".regionfall" / "runs"
    known = set(runs.iterdir()) if runs.is_dir() else set()
    process = shell.start("run", "killed.chaos.yaml", "--json")
    shop.wait_for(lambda: shop.holding(shell, "killed", known), 60)
    shop.wait_for(lambda: shop.status_of(shell.url) == 503, 10)
    shop.end(process)
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 20)
    assert guests(shell) == {"running"}
    assert json.loads(shell("status", "--json").out)["injections"] == []
    assert shell("heal").code == 0 and helper(shell) == ""


@pytest.mark.drill
def test_the_helper_for_containers_is_on_no_network(shell):
    added = shell("fault", "add", "orders", "stop", "--for", "60s", "--json")
    assert added.code == 0, added.err
    words = ["docker", "inspect", "-f", "{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Ports}}", helper(shell)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.split() == ["none", "{}"]
    assert shell("fault", "rm", json.loads(added.out)["id"]).code == 0
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 20)
    assert guests(shell) == {"running"} and helper(shell) == ""


@pytest.mark.drill
def test_a_service_frozen_by_hand_goes_on_when_the_helper_itself_is_killed(shell):
    added = shell("fault", "add", "db", "pause", "--for", "60s", "--json")
    assert added.code == 0, added.err
    told = json.loads(added.out)
    (row,) = json.loads(shell("status", "--json").out)["injections"]
    assert (row["id"], row["state"], row["target"]) == (told["id"], "holding", "db") and 30 < row["left_s"] < 61
    assert "paused" in guests(shell) and shop.status_of(shell.url) == 503
    subprocess.run(["docker", "kill", helper(shell)], capture_output=True, check=True)
    assert shell("heal").code == 0
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 20)
    assert guests(shell) == {"running"} and helper(shell) == ""
    assert json.loads(shell("fault", "ls", "--json").out) == []
