"""Two runs on one project exclude each other; networks in use are seen; a sweep needs labels."""

from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import docker
import pytest

from harness.cluster.down import sweep
from harness.cluster.lock import holder, lock_path, project_lock
from harness.cluster.subnets import host_routes
from harness.model.errors import ClusterError

HOLD = """
import sys
from pathlib import Path
from harness.cluster.lock import project_lock
with project_lock(Path(sys.argv[1]), "shop", "run-7"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_refused_with_the_first_ones_process_and_name(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None and first.stdout.readline() == "held\n"
        with pytest.raises(ClusterError, match=rf"process {first.pid}, run run-7"), project_lock(tmp_path, "shop", "b"):
            pass
        assert holder(lock_path(tmp_path, "shop")) == "run-7"
    finally:
        first.kill()
        first.wait(timeout=10)
    assert holder(lock_path(tmp_path, "shop")) is None
    with project_lock(tmp_path, "shop", "b"):
        pass


def test_other_projects_are_free(tmp_path: Path) -> None:
    with project_lock(tmp_path, "shop", "a"), project_lock(tmp_path, "bank", "b"):
        assert holder(lock_path(tmp_path, "bank")) == "b"


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    assert holder(lock_path(tmp_path, "shop")) is None


def test_routes_are_networks_but_ways_to_the_internet_are_not() -> None:
    destinations = ["default", "0.0.0.0/1", "198.18.4.0/24", "10.0.0.7", "fe80::/64"]
    text = json.dumps([{"dst": destination} for destination in destinations])
    assert list(host_routes(text)) == [IPv4Network("198.18.4.0/24"), IPv4Network("10.0.0.7/32")]
    assert list(host_routes("")) == []


def test_a_sweep_without_labels_is_refused() -> None:
    with pytest.raises(ValueError, match="without labels"):
        sweep(docker.DockerClient.__new__(docker.DockerClient), {})
