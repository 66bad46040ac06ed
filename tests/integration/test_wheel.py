"""The wheel is complete: installed outside the repository it is the same tool."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))

from installed import INSTALL_S, bare_environ, environment, run
from installed import wheel as built

PACKAGED = {
    "harness/containers/border/Dockerfile",
    "harness/containers/border/system.Dockerfile",
    "harness/containers/border/__main__.py",
    "harness/containers/load/Dockerfile",
    "harness/containers/load/system.Dockerfile",
    "harness/containers/load/requirements.txt",
    "harness/report/assets/uPlot.iife.min.js",
    "harness/report/assets/uPlot.min.css",
    "harness/report/assets/report.css",
    "harness/_bundled/compose/compose.yaml",
    "harness/_bundled/experiments/aws-us-east-1-2021-12-07.chaos.yaml",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session", params=["lent", pytest.param("empty", marks=pytest.mark.drill)])
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """An environment outside the repository with the wheel in it; what it depends on is lent, or installed anew."""
    return environment(tmp_path_factory.mktemp("installed") / "venv", wheel, empty=request.param == "empty")


def test_the_wheel_holds_every_file_that_is_not_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert sorted(PACKAGED - names) == []
    assert [name for name in names if "__pycache__" in name or ".regionfall" in name] == []


def test_the_wheel_holds_every_committed_file_of_the_package(wheel: Path, checkout: Path) -> None:
    listed = run(["git", "ls-files", "harness", "compose", "experiments"], checkout).split()
    expected = {name if name.startswith("harness/") else f"harness/_bundled/{name}" for name in listed}
    with zipfile.ZipFile(wheel) as archive:
        assert sorted(expected - set(archive.namelist())) == []


def test_a_wheel_without_its_chart_library_is_not_built(checkout: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    ignore = shutil.ignore_patterns(".venv", ".git", ".regionfall", "__pycache__", "uPlot.*", "node_modules")
    shutil.copytree(checkout, source, ignore=ignore)
    empty = tmp_path / "bin"
    empty.mkdir()
    environ = {
        **bare_environ(tmp_path), "PATH": f"{empty}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "XDG_CACHE_HOME": str(tmp_path / "cache"), "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0",
        "npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path / "out"),
        ".",
    ]
    done = subprocess.run(
        command, cwd=source, env=environ, capture_output=True, text=True, timeout=INSTALL_S, check=False
    )
    assert done.returncode != 0
    assert not list((tmp_path / "out").glob("*.whl"))


@pytest.mark.timeout(INSTALL_S)
def test_the_installed_command_runs_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    environ = bare_environ(installed)
    place = run([installed / "bin" / "python", "-c", "import harness; print(harness.__file__)"], tmp_path, environ)
    assert Path(place.strip()).is_relative_to(installed)
    assert "regionfall" in run([installed / "bin" / "regionfall", "--help"], tmp_path, environ)


@pytest.mark.timeout(INSTALL_S)
def test_the_installed_package_names_the_same_images_as_the_checkout(
    installed: Path, checkout: Path, tmp_path: Path
) -> None:
    def tags(python: Path | str, folder: Path) -> list[str]:
        code = "from harness.cluster.images.recipes import recipes; [print(r.tag) for r in recipes('amd64').in_order]"
        return run([python, "-c", code], folder, bare_environ(installed)).split()

    there, here = tags(installed / "bin" / "python", tmp_path), tags(sys.executable, checkout)
    assert there == here
    assert all(re.fullmatch(r"regionfall/[a-z-]+:[0-9a-f]{12}", tag) for tag in there)


BRIEF = """\
version: 1
load: {rate: 40/s, arrivals: even, deadline: 2s, warmup: 1s, flows: {shop: {service: web, get: /}}}
steady: {for: 5s}
timeline:
  - {phase: gone, for: 5s, faults: [{id: cut, on: "web->orders", hang: true}]}
  - {phase: after, for: 5s}
expect: {shop: [{availability: "<= 5%", phases: [gone]}, {availability: ">= 60%", phases: [after]}]}
"""


def left_of(home: Path) -> list[str]:
    """Containers, networks and volumes that carry the label of this `.regionfall`."""
    label = f"label=regionfall.home={home.resolve()}"
    listings = (["ps", "-a"], ["network", "ls"], ["volume", "ls"])
    return [row for words in listings for row in run(["docker", *words, "-q", "--filter", label], home).split()]


def strangers_folder(checkout: Path, place: Path) -> Path:
    """A project that is not ours, in a folder of its own."""
    ignore = shutil.ignore_patterns(".regionfall")
    return Path(shutil.copytree(checkout / "tests" / "guests" / "two-services", place / "guest", ignore=ignore))


def run_there(installed: Path, guest: Path, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A command of the installed wheel in that folder, whatever it ends with."""
    return subprocess.run(
        command, cwd=guest, env=bare_environ(installed), capture_output=True, text=True, timeout=240, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.mark.drill
@pytest.mark.timeout(INSTALL_S)
def test_the_installed_command_runs_faults_and_judges_a_guest_outside_the_repository(
    installed: Path, checkout: Path, tmp_path: Path
) -> None:
    guest = strangers_folder(checkout, tmp_path)
    (guest / "brief.chaos.yaml").write_text(BRIEF, encoding="utf-8")
    command = [str(installed / "bin" / "regionfall"), "run", "brief.chaos.yaml", "--json"]
    done = run_there(installed, guest, command)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    verdict = json.loads(done.stdout)
    assert (verdict["verdict"], verdict["cleanup"]) == ("passed", "verified")
    (cut,) = verdict["injections"]
    assert (cut["id"], cut["effect"]["proved"], cut["contained"]["proved"]) == ("cut", True, True)
    assert (guest / ".regionfall" / "latest" / "report.html").stat().st_size > 50_000
    assert left_of(guest / ".regionfall") == []
