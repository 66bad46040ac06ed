"""The example project as its README says it is run, and what it says when something is taken away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "experiments" / "pytest"

pytestmark = pytest.mark.timeout(600)


class Copy:
    """The project in a fresh folder, as a pipeline has it."""

    def __init__(self, folder: Path) -> None:
        self.folder = shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("REGIONFALL_", "COMPOSE_", "PYTEST_"))}
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=self.folder, env=clean | environ, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=400, check=False,
        )  # fmt: skip

    def gate(self, *words: str) -> tuple[int, dict]:
        runs = [str(path.parent) for path in sorted(self.folder.glob(".regionfall/runs/*/verdict.json"))]
        done = self.run("harness", "gate", *runs, "--json", *words)
        return done.returncode, json.loads(done.stdout)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Copy]:
    copy = Copy(tmp_path / "shop")
    yield copy
    home = f"label=regionfall.home={copy.folder / '.regionfall'}"
    left = subprocess.run(["docker", "ps", "-aq", "--filter", home], capture_output=True, text=True, check=True)
    assert left.stdout == ""


def test_one_of_its_experiments_passes(project):
    done = project.run("pytest", "-q", "-k", "lost_cache")
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout
    code, answer = project.gate("--policy", "gate.yaml")
    assert code == 5 and "5" in "".join(answer["reasons"]), answer  # the policy expects all five


@pytest.mark.drill
def test_five_experiments_pass_and_so_does_the_gate(project):
    done = project.run("pytest", "-q")
    code, answer = project.gate("--policy", "gate.yaml")
    assert done.returncode == 0, done.stdout
    assert (code, len(answer["runs"])) == (0, 5), answer


@pytest.mark.drill
@pytest.mark.parametrize(
    ("environ", "test", "objective"),
    [({"DB_TIMEOUT": "600ms"}, "slow_database", "orders p90 < 500ms"),
     ({"CACHE_FALLBACK": ""}, "lost_cache", "web availability >= 97% in lost")],
)  # fmt: skip
def test_what_is_taken_away_fails_in_its_own_experiment(project, environ, test, objective):
    done = project.run("pytest", "-q", "-k", test, **environ)
    code, answer = project.gate()
    assert done.returncode == 1 and "ResilienceFailed" in done.stdout, done.stdout
    assert code == 1, answer
    assert objective in [one["name"] for one in answer["objectives"] if one["verdict"] == "failed"]
