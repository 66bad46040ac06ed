"""The gate as a pipeline calls it, on run folders that other jobs left; and the pipelines that call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from report_endings import KINDS, example

from harness.analysis.wire import verdict_to_json
from harness.journal.manifest import Manifest, write_manifest

ROOT = Path(__file__).parents[2]


def regionfall(directory: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    hidden = ("REGIONFALL_", "COMPOSE_", "GITHUB_")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(hidden)} | {"DOCKER_HOST": "unix:///nowhere.sock"}
    return subprocess.run(
        [sys.executable, "-m", "harness", *words], cwd=directory, env=clean | environ, capture_output=True, text=True,
        timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, Path]:
    """A run folder of every way to end."""
    found = {}
    for kind in KINDS:
        folder = found[kind] = tmp_path / f"run-{kind}"
        folder.mkdir()
        record, verdict = example(kind)
        write_manifest(folder, Manifest(record.run, record.plan, {}))
        (folder / "verdict.json").write_text(json.dumps(verdict_to_json(verdict, record) | {"experiment": kind}))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_one_run_alone_gives_its_own_code(runs: dict[str, Path], tmp_path: Path, kind: str) -> None:
    code = json.loads((runs[kind] / "verdict.json").read_text())["exit_code"]
    done = regionfall(tmp_path, "gate", str(runs[kind]), "--junit", "gate.xml")
    assert done.returncode == code, done.stderr
    root = ET.parse(tmp_path / "gate.xml").getroot()
    assert bool(root.findall(".//failure") or root.findall(".//error")) == (code != 0)


def test_all_of_them_give_the_strongest_and_github_is_told(runs: dict[str, Path], tmp_path: Path) -> None:
    told = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "output.txt"}
    words = [*map(str, runs.values()), "--markdown", "c.md", "--metrics", "m.txt", "--json"]
    done = regionfall(tmp_path, "gate", *words, **told)
    body = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert body["exit"] == done.returncode != 0
    assert len(body["runs"]) == len(runs)
    assert "::error " in done.stderr
    assert (tmp_path / "output.txt").read_text().startswith(f"exit={body['exit']}\n")
    assert (tmp_path / "summary.md").read_text() == (tmp_path / "c.md").read_text()
    assert f"regionfall_gate_exit {body['exit']}" in (tmp_path / "m.txt").read_text()


def test_a_job_that_is_missing_is_five(runs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text("version: 1\nruns: 2\n")
    done = regionfall(tmp_path, "gate", str(runs["passed"]), "--policy", "gate.yaml")
    assert done.returncode == 5
    assert "1 of 2 experiments were run" in done.stdout


def test_a_baseline_is_saved_found_and_not_compared_before(runs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text("version: 1\nmargins: {availability: 1%}\n")
    words = ("gate", str(runs["passed"]), "--policy", "gate.yaml", "--baseline", "b.json")
    first = regionfall(tmp_path, *words, "--save-baseline", "b.json")
    assert first.returncode == 0 and "no baseline yet" in first.stdout, first.stderr
    second = regionfall(tmp_path, *words, "--json")
    compared = [one for one in json.loads(second.stdout)["objectives"] if one["baseline"] is not None]
    assert compared and all(one["margin"] == 0.01 for one in compared)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gate",), "Missing argument"),
        (("gate", "nowhere"), "no such file or folder"),
        (("gate", "run-passed", "--policy", "nowhere.yaml"), "nowhere.yaml:1:1 cannot be read"),
        (("gate", "run-passed", "--junit", "no/such/folder.xml"), "--junit no/such/folder.xml"),
        (("gate", "damaged"), "verdict.json"),
        (("init", "--ci", "jenkins"), "jenkins"),
    ],
)
def test_what_cannot_be_is_two_with_its_place(
    runs: dict[str, Path], tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "verdict.json").write_text("{")
    done = regionfall(tmp_path, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("kind", "place", "source"),
    [
        ("github", ".github/workflows/resilience.yml", "github.yml"),
        ("gitlab", ".gitlab-ci.yml", "gitlab-ci.yml"),
        ("make", "resilience.mk", "Makefile"),
    ],
)
def test_a_pipeline_is_written_once_and_never_over_somebodys_own(
    tmp_path: Path, kind: str, place: str, source: str
) -> None:
    assert regionfall(tmp_path, "init", "--ci", kind).returncode == 0
    text = (tmp_path / place).read_text()
    assert text == (ROOT / "docs" / "ci" / source).read_text()
    if source != "Makefile":
        assert YAML(typ="safe").load(text)
    for words in ("regionfall gate experiments/ --policy gate.yaml", "regionfall heal --all"):
        assert words in text
    assert regionfall(tmp_path, "init", "--ci", kind).returncode == 0
    (tmp_path / place).write_text("mine\n")
    again = regionfall(tmp_path, "init", "--ci", kind)
    assert again.returncode == 2 and "says something else" in again.stderr
    assert (tmp_path / place).read_text() == "mine\n"
