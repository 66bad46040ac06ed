"""Our images, built by code of the package on a real engine."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import docker
import pytest

from harness.cluster.engine import connect
from harness.cluster.images import Images, ensure_images
from harness.cluster.images.build import build, present
from harness.cluster.images.recipe import Recipe
from harness.cluster.images.recipes import recipes
from harness.model.errors import ClusterError

BUILD_S = 500


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = connect(timeout_s=BUILD_S)
    yield client
    client.close()


@pytest.fixture(scope="module")
def images() -> Images:
    return ensure_images(lambda line: None)


def said_inside(engine: docker.DockerClient, image: str, *command: str) -> str:
    output: bytes = engine.containers.run(
        image, list(command[1:]), entrypoint=command[0], remove=True, network_mode="none", stderr=True,
        labels={"regionfall.run": "test-images"},
    )  # fmt: skip
    return output.decode()


@pytest.mark.timeout(BUILD_S)
def test_the_second_call_builds_nothing_and_names_the_same_images(images: Images) -> None:
    said: list[str] = []
    assert ensure_images(said.append) == images
    assert said == []


def test_the_proxy_image_holds_what_its_agent_needs(engine: docker.DockerClient, images: Images) -> None:
    program = "import toxiproxy, requests, harness.model.effect, harness.containers.border; print('imports work')"
    text = said_inside(
        engine, images.border, "sh", "-c", f'python3 -c "{program}"; nft -v; ip -V; toxiproxy-server -version'
    )
    assert "imports work" in text
    assert "nftables" in text
    assert "iproute2" in text
    assert "toxiproxy-server version 2.12.0" in text


def test_the_load_image_holds_locust_for_its_own_python(engine: docker.DockerClient, images: Images) -> None:
    program = "import locust, msgpack, gevent, harness.containers.load; print(locust.__version__)"
    assert said_inside(engine, images.load, "/opt/load/bin/python", "-c", program).splitlines()[-1] == "2.47.0"


@pytest.fixture
def edited(engine: docker.DockerClient) -> Iterator[Recipe]:
    """The proxy image as it would be after an edit of the agent; removed again."""
    border = recipes(str(engine.version()["Arch"])).border
    note = {f"program/harness/containers/border/edited_{os.getpid()}.py": b"EDITED = True\n"}
    recipe = dataclasses.replace(border, files={**border.files, **note})
    yield recipe
    if present(engine, recipe):
        engine.images.remove(recipe.tag)


@pytest.mark.timeout(BUILD_S)
def test_an_edited_agent_gets_an_image_of_its_own_over_the_same_system_layers(
    engine: docker.DockerClient, images: Images, edited: Recipe
) -> None:
    assert edited.tag != images.border
    build(engine, edited, lambda line: None)
    before = engine.images.get(images.border).attrs["RootFS"]["Layers"]
    after = engine.images.get(edited.tag).attrs["RootFS"]["Layers"]
    assert edited.parent is not None
    system = engine.images.get(edited.parent.tag).attrs["RootFS"]["Layers"]
    assert before[: len(system)] == after[: len(system)] == system
    assert before[len(system) :] != after[len(system) :]


@pytest.mark.timeout(BUILD_S)
def test_a_build_that_fails_shows_the_last_lines_of_its_log(engine: docker.DockerClient, edited: Recipe) -> None:
    broken = dataclasses.replace(edited, dockerfile=edited.dockerfile + "RUN echo told-before-failing && exit 3\n")
    with pytest.raises(ClusterError, match="(?s)regionfall/border:.*told-before-failing"):
        build(engine, broken, lambda line: None)
    assert not present(engine, broken)


@pytest.mark.timeout(BUILD_S)
def test_two_that_build_at_once_agree(images: Images) -> None:
    def run(_: int) -> list[str]:
        command = [sys.executable, "-m", "harness.cluster.images"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=BUILD_S).stdout.split()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(run, range(2)))
    assert answers == [[images.base, images.border, images.load, images.guardian]] * 2
