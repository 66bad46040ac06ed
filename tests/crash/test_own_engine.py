"""The engine itself is restarted or loses the process that holds a container, while a fault holds."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parent))

import docker
from carry import settled
from engine import OwnEngine, own_engine, refusal, shim_of
from faults import experiment
from stand import COMPOSE, IMAGE, Stand, journal, until

from harness.cluster.images import ensure_images

pytestmark = [pytest.mark.timeout(900), pytest.mark.skipif(bool(refusal()), reason=refusal() or "can be")]

HANG = {"on": "web->orders", "hang": True}


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[OwnEngine]:
    """Ours, with the images of this release and of the guest."""
    here = docker.from_env()
    images = ensure_images(print)
    here.images.get(IMAGE)  # made by every other test of this folder
    with own_engine(tmp_path_factory.mktemp("engine")) as engine:
        engine.take([images.base, images.border, images.load, images.guardian, f"{IMAGE}:latest"])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DOCKER_HOST", engine.host)
            yield engine


@pytest.fixture
def stand(engine, tmp_path) -> Iterator[Stand]:
    """The guest on that engine; nothing is built there, since it reaches no network."""
    compose = YAML(typ="safe", pure=True).load(COMPOSE.read_text(encoding="utf-8"))
    for service in compose["services"].values():
        del service["build"]
    stand = Stand(tmp_path)
    stand.write("compose.yaml", json.dumps(compose))
    stand.write("hang.chaos.yaml", experiment("hang", tmp_path / "compose.yaml", [HANG]))
    try:
        stand.up("hang.chaos.yaml")
        yield stand
    finally:
        down = stand.command("down")
    assert down.returncode == 0, down.stderr
    assert stand.containers() == []


def broken(stand: Stand):
    """A run whose fault holds: its process and its folder."""
    process = stand.start("run", "hang.chaos.yaml", "--json")
    runs = stand.home / "runs"

    def holds() -> list[Path]:
        folders = list(runs.iterdir()) if runs.is_dir() else []
        return [one for one in folders if any(e["event"] == "injection_holding" for e in journal(one))]

    (folder,) = until(holds, 60, "the fault holds", 0.03)
    return process, folder


@pytest.mark.parametrize("whose", ["border-east", "orders"])
def test_a_container_whose_shim_is_killed_leaves_no_fault_behind(stand, whose):
    process, folder = broken(stand)
    container = next(one for one in stand.containers() if one.labels["com.docker.compose.service"] == whose)
    os.kill(shim_of(int(container.attrs["State"]["Pid"])), signal.SIGKILL)
    out, err = process.communicate(timeout=180)
    if whose == "orders":  # 255 is also how a service ends by exit(-1): told, and no excuse for a missed objective
        told = [event for event in journal(folder) if event["event"] == "service_event" and event["action"] == "die"]
        assert [(event["service"], event["code"]) for event in told] == [("orders", 255)]
        assert json.loads(out)["verdict"] == "failed", err
    else:
        assert json.loads(out)["verdict"] == "inconclusive", err
    assert settled(stand) == []


def test_an_engine_that_is_restarted_ends_the_run_and_nothing_of_ours_survives_down(engine, stand):
    process, folder = broken(stand)
    engine.stop()
    engine.start()
    _, err = process.communicate(timeout=240)
    assert process.returncode in (3, 4, 7), err
    judged = stand.command("report", str(folder), "--judge", "--json")
    verdict = json.loads(judged.stdout)
    assert verdict["verdict"] == "inconclusive", judged.stderr
    assert not any("toxic" in line or line.startswith("nft") for line in stand.left())
    again = stand.command("heal", "--json")
    assert again.returncode in (0, 7), again.stderr
