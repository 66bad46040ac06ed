"""The lever refuses runs, and ends those that are under way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from harness.cli.entry import run
from harness.journal.lever import FILE, engage, engaged, release
from harness.model.errors import ClusterError
from harness.wiring import halt as halting
from harness.wiring.halt import halt_now, refuse_if_engaged
from harness.wiring.healing import Healed

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_what_is_engaged_is_on_disk_with_its_reason_until_it_is_released(tmp_path: Path) -> None:
    engage(tmp_path, "release night", NOW)
    lever = engaged(tmp_path)
    assert lever is not None and (lever.reason, lever.since) == ("release night", "2026-03-04T05:06:07Z")
    assert release(tmp_path) == lever
    assert engaged(tmp_path) is None and release(tmp_path) is None


def test_a_run_is_refused_with_the_reason_and_the_command_that_releases_it(tmp_path: Path) -> None:
    refuse_if_engaged(tmp_path)
    engage(tmp_path, "release night", NOW)
    with pytest.raises(ClusterError, match="release night") as caught:
        refuse_if_engaged(tmp_path)
    assert "regionfall lever release" in str(caught.value) and caught.value.exit_code == 4


@pytest.mark.parametrize("text", ["", "{", "[]", '{"why": 1}', "\x00"])
def test_a_lever_that_cannot_be_read_counts_as_engaged(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert engaged(tmp_path) is not None


def test_the_newer_reason_counts_and_an_empty_one_is_said_to_be_missing(tmp_path: Path) -> None:
    engage(tmp_path, "first", NOW)
    engage(tmp_path, "  ", NOW)
    lever = engaged(tmp_path)
    assert lever is not None and lever.reason == "no reason given"


class Stand:
    """Runs that end some looks after the lever was engaged, and faults that are lifted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, looks: int, left: list[str]) -> None:
        self.looks, self.left, self.heals = looks, left, 0
        monkeypatch.setattr(halting, "live_runs", self.live)
        monkeypatch.setattr(halting, "heal_now", self.heal)

    def live(self, home: Path) -> list[str]:
        assert engaged(home) is not None, "the lever goes first"
        self.looks -= 1
        return ["run-1"] if self.looks >= 0 else []

    def heal(self, home: Path | None, run: str) -> Healed:
        self.heals += 1
        return Healed(["cut"] if self.heals == 1 else ["late"], self.left)


def test_a_halt_engages_first_heals_before_and_after_the_runs_ended(tmp_path: Path, monkeypatch: Any) -> None:
    stand = Stand(monkeypatch, looks=3, left=[])
    done = halt_now(tmp_path, "stop", lambda seconds: None)
    assert (done.runs, done.healed, done.left, done.alive) == (("run-1",), ("cut", "late"), (), ())
    assert stand.heals == 2


def test_a_run_that_does_not_end_is_named_and_not_waited_for_for_ever(tmp_path: Path, monkeypatch: Any) -> None:
    Stand(monkeypatch, looks=10**6, left=[])
    slept: list[float] = []
    done = halt_now(tmp_path, "stop", slept.append, ending_s=5.0)
    assert done.alive == ("run-1",) and 4.9 < sum(slept) < 5.5


def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> int:
    monkeypatch.chdir(tmp_path)
    return run(words)


def test_the_halt_command_is_zero_when_all_is_lifted(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    Stand(monkeypatch, looks=0, left=[])
    assert command(monkeypatch, tmp_path, "halt", "real", "incident") == 0
    assert "real incident" in capsys.readouterr().out


def test_the_halt_command_is_seven_when_a_fault_may_still_hold(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    Stand(monkeypatch, looks=0, left=["proxy of east"])
    assert command(monkeypatch, tmp_path, "halt") == 7
    assert "proxy of east" in capsys.readouterr().err


def test_the_lever_command_engages_shows_and_releases(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    assert command(monkeypatch, tmp_path, "lever", "engage", "release", "night") == 0
    assert command(monkeypatch, tmp_path, "lever") == 0
    assert "release night" in capsys.readouterr().out
    assert command(monkeypatch, tmp_path, "lever", "release") == 0
    assert command(monkeypatch, tmp_path, "lever", "--json") == 0
    assert '"engaged": false' in capsys.readouterr().out
