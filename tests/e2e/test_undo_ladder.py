"""The last rungs of the undo ladder on a real stack: made anew, by a person, and a helper that nobody answers for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from harness.cluster.cluster import Cluster, standing_clusters
from harness.cluster.recreate import by_hand, recreated
from harness.model.errors import ClusterError
from harness.wiring.repair import repaired

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A folder in which the shop is up."""
    shell = shop.Shell(tmp_path_factory.mktemp("ladder"))
    shell.write("labels.yaml", shop.LABELS)
    shell.write("shop.chaos.yaml", shop.experiment('{id: cut, on: "web->orders", hang: true}'))
    up = shell("up", "shop.chaos.yaml", "--json")
    assert up.code == 0, up.err
    yield shell
    down = shell("down")
    assert down.code == 0, down.err


def cluster_of(shell) -> Cluster:
    (cluster,) = standing_clusters(shell.directory / ".regionfall")
    return cluster


def answers(shell) -> bool:
    return shop.status_of(next(iter(cluster_of(shell).urls().values()))) == 200


def test_a_proxy_that_only_a_new_container_brings_back_is_made_anew(shell, monkeypatch):
    cluster, told = cluster_of(shell), []
    before = cluster.border_containers["east"].id
    monkeypatch.setattr(Cluster, "repair", _refusing(Cluster.repair, before))
    assert repaired(cluster, "east", "test", lambda region, tried: told.append((region, tried.name, tried.clean)))
    assert told == [("east", "ask again", False), ("east", "start again", False), ("east", "make anew", True)]
    assert cluster_of(shell).border_containers["east"].id != before
    shop.wait_for(lambda: answers(shell), 30)


def _refusing(repair, broken):
    """A control stream that never answers as long as the container is the old one."""

    def repairing(self, region, owner, on_event):
        if self.border_containers[region].id == broken:
            raise ClusterError("the proxy does not answer")
        return repair(self, region, owner, on_event)

    return repairing


def test_the_commands_for_a_person_really_finish_it(shell):
    old = cluster_of(shell).border_containers["west"]
    done = subprocess.run(["bash", "-c", by_hand(old)], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert cluster_of(shell).border_containers["west"].id != old.id
    shop.wait_for(lambda: answers(shell), 30)


def test_a_container_of_somebody_else_is_never_made_anew(shell):
    client = docker.from_env()
    image = cluster_of(shell).border_containers["west"].attrs["Config"]["Image"]
    foreign = client.containers.create(image, ["sleep", "60"], network_mode="none")
    try:
        with pytest.raises(ClusterError, match="does not say what it was made from"):
            recreated(foreign)
        assert client.containers.get(foreign.id).id == foreign.id
    finally:
        foreign.remove(force=True)


@pytest.mark.drill
def test_heal_finds_a_helper_whose_run_is_long_gone_and_lets_it_undo(shell):
    added = shell("fault", "add", "orders", "kill", "--for", "120s", "--json")
    assert added.code == 0, added.err
    box = cluster_of(shell).guardian_box()
    helper = box.find()
    assert helper is not None
    helper.kill("SIGSTOP")  # it cannot undo anything any more; whoever added the fault dies as well
    lock = shell.directory / ".regionfall" / "locks" / f"hand-{json.loads(added.out)['id']}.lock"
    subprocess.run(["kill", "-9", str(json.loads(lock.read_text())["pid"])], check=True)
    healed = shell("heal", "--json")
    assert healed.code == 0, healed.err
    assert json.loads(healed.out)["left"] == []
    assert cluster_of(shell).guardian_box().find() is None
    shop.wait_for(lambda: answers(shell), 30)
