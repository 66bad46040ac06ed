"""The gate against an engine that is not on this machine, as pipelines with Docker-in-Docker have it: DOCKER_HOST=tcp://…"""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))
import shop
from engine import OwnEngine, own_engine, refusal

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]
LEFT = ("ps", "-aq"), ("network", "ls", "-q", "--filter", "label=regionfall.run"), ("volume", "ls", "-q")


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnEngine]:
    """Another engine, with the images of ours and of the guest and nothing else."""
    if why := refusal():
        pytest.skip(why)
    from harness.cluster.images import ensure_images

    images = ensure_images(lambda _: None)
    with own_engine(tmp_path_factory.mktemp("engine"), over_tcp=True) as engine:
        engine.take([images.base, images.border, images.load, images.guardian, "regionfall-tests/two-services"])
        yield engine


def shell_of(folder: Path, engine: OwnEngine | None) -> shop.Shell:
    shutil.copytree(shop.GUESTS / "two-services", folder)
    far = {"DOCKER_HOST": engine.far} if engine is not None else {}
    return shop.Shell(folder, **far)


def left(engine: OwnEngine) -> list[str]:
    """Whatever of ours is still on the engine."""
    return [line for words in LEFT for line in engine.docker(*words).stdout.decode().split()]


def test_the_gate_says_the_same_there_as_here(far: OwnEngine, tmp_path: Path) -> None:
    answers = []
    for name, engine in (("here", None), ("there", far)):
        done = shell_of(tmp_path / name, engine)("gate", "cut.chaos.yaml", "--json", timeout=300)
        print(done.err[-3000:])
        answers.append((done.code, [(o["name"], o["verdict"]) for o in json.loads(done.out)["objectives"]]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 0
    assert left(far) == []


def test_a_cancelled_job_leaves_nothing_there(far: OwnEngine, tmp_path: Path) -> None:
    shell = shell_of(tmp_path / "there", far)
    job = shell.start("gate", "cut.chaos.yaml")
    folder = shop.wait_for(lambda: shop.holding(shell, "cut", set()), timeout=120)
    shop.end(job, signal.SIGTERM)
    assert job.returncode == 143
    assert any(event["event"] == "injection_healed" for event in shell.events(folder))
    assert left(far) == []


def test_a_killed_job_leaves_no_fault_there_and_the_always_step_takes_the_rest(far: OwnEngine, tmp_path: Path) -> None:
    shell = shell_of(tmp_path / "there", far)
    job = shell.start("gate", "cut.chaos.yaml")
    shop.wait_for(lambda: shop.holding(shell, "cut", set()), timeout=120)
    shop.end(job, signal.SIGKILL)

    def no_fault() -> bool:
        return json.loads(shell("status", "--json").out)["injections"] == []

    shop.wait_for(no_fault, timeout=30, every=0.5)
    assert shell("heal", "--all").code == 0
    assert shell("down").code == 0
    assert left(far) == []
