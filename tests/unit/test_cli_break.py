"""The one-line experiment before anything is started: what is saved, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.cli.break_ import _compose, written
from harness.cli.entry import run
from harness.journal.manifest import Manifest, write_manifest
from harness.model.errors import UsageError
from harness.model.load import Load, RatePoint
from harness.model.plan import Phase, Plan
from harness.model.stack import Stack
from harness.model.step import Step, StepKind
from harness.wiring.workspace import Workspace


def test_a_saved_file_says_what_was_run(tmp_path: Path) -> None:
    file = tmp_path / "x.chaos.yaml"
    written(file, "version: 1\n")
    written(file, "version: 1\n")
    assert file.read_text() == "version: 1\n"


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "x.chaos.yaml"
    file.write_text("mine")
    with pytest.raises(UsageError, match="exists and says something else"):
        written(file, "version: 1\n")
    assert file.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--save"):
        written(tmp_path / "nowhere" / "x.chaos.yaml", "version: 1\n")


def test_a_file_beside_the_project_needs_no_compose_files_named(tmp_path: Path) -> None:
    assert _compose(Workspace(tmp_path), tmp_path) == ()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["break"], "TARGET"),
        (["break", "db", "hang", "--save", "nowhere/x.chaos.yaml"], "there is no folder"),
        (["break", "db", "hang"], "no Compose file here"),
    ],
)
def test_a_wrong_line_is_two_and_starts_nothing(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_run_with_commands_on_this_machine_is_not_repeated_without_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Step("switch", StepKind.HOST, 1.0, 5.0, run=("./failover.sh",))
    plan = Plan(
        "p",
        "",
        "p.chaos.yaml",
        "",
        1,
        Stack("s", (), ()),
        Load((RatePoint(0, 1),), ()),
        0.0,
        (Phase("steady", -5, 0),),
        (),
    )
    folder = tmp_path / ".regionfall" / "runs" / "r1"
    folder.mkdir(parents=True)
    write_manifest(folder, Manifest("r1", replace(plan, steps=(step,)), {}))
    monkeypatch.chdir(tmp_path)
    assert run(["rerun", "r1"]) == 2
    assert "./failover.sh on this machine; allow it with --allow-host-commands" in capsys.readouterr().err
