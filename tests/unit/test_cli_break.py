"""The one-line experiment before anything is started: what is saved, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli.break_ import _compose, written
from harness.cli.entry import run
from harness.model.errors import UsageError
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
