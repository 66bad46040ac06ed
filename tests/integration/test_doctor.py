"""The doctor looks at the real machine and at machines that lack something."""

from __future__ import annotations

import docker
import pytest

from harness.cli.doctor import PROBE, examine
from harness.cluster.engine import compose_command, connect
from harness.cluster.images import ensure_images

NAMES = ["engine", "compose", "capacity", "disk", "clock", "images", "kernel", "faults", "leftovers", "report"]


@pytest.mark.timeout(500)
def test_every_check_is_made_and_what_is_not_well_has_a_fix() -> None:
    ensure_images(lambda line: None)
    checks = examine()
    assert [check.name for check in checks] == NAMES
    for check in checks:
        assert check.detail
        assert bool(check.fix) != check.ok, check
    well = {check.name for check in checks if check.ok}
    assert {"engine", "compose", "images", "kernel", "report"} <= well, checks


def test_an_engine_that_does_not_answer_is_one_failed_check_with_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    by_name = {check.name: check for check in examine()}
    assert not by_name["engine"].ok
    assert "127.0.0.1:9" in by_name["engine"].detail
    assert by_name["engine"].fix
    assert "kernel" not in by_name


def test_a_compose_that_is_missing_is_named_with_its_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty))
    compose_command.cache_clear()
    try:
        check = next(check for check in examine() if check.name == "compose")
    finally:
        compose_command.cache_clear()
    assert not check.ok
    assert "make setup" in check.fix


def test_the_kernel_probe_notices_a_container_that_may_not_filter_packets() -> None:
    client: docker.DockerClient = connect()
    images = ensure_images(lambda line: None)
    output: bytes = client.containers.run(
        images.border, ["-c", PROBE], entrypoint="sh", network_mode="none", remove=True, stdout=True, stderr=True
    )
    words = output.decode().split("\n")
    assert "nft" not in words
    assert "local-route" not in words
