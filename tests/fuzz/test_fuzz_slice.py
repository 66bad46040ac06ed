"""A slice of `make fuzz`, and every input that once failed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import campaign
from watched import Watch, watching

ROWS = sorted(path for path in campaign.CORPUS.rglob("*.txt"))


@pytest.fixture(scope="module")
def rig() -> Iterator[tuple[Watch, dict[str, campaign.Surface]]]:
    with watching() as watch:
        yield watch, {surface.name: surface for surface in campaign.surfaces(watch.home)}


@pytest.mark.parametrize("row", ROWS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_failed_once_does_not_fail_again(rig: tuple[Watch, dict[str, campaign.Surface]], row: Path) -> None:
    watch, known = rig
    surface = known[row.parent.name]
    watch.failures.clear()
    watch.check(surface.name, surface.check, surface.value(row.read_bytes()))
    assert not watch.failures


def test_the_watch_sees_what_it_watches_for(rig: tuple[Watch, dict[str, campaign.Surface]], tmp_path: Path) -> None:
    watch, _ = rig
    watch.failures.clear()

    def raises(_: object) -> None:
        raise KeyError("x")

    def hangs(_: object) -> None:
        while True:
            pass

    watch.check("self", raises, 1)
    watch.check("self", lambda _: (tmp_path / "made").write_text("x"), 1)  # type: ignore[arg-type, return-value]
    watch.check("self", lambda _: __import__("subprocess").run(["true"], check=False), 1)
    watch.check("self", lambda _: (watch.home / "fine").write_text("x"), 1)  # type: ignore[arg-type, return-value]
    told = [what.split()[0] for _, what, _ in watch.failures]
    watch.failures.clear()
    watch.effects.clear()
    assert told == ["KeyError:", "side", "side"]


def test_a_slice_of_the_campaign_finds_nothing() -> None:
    counts = campaign.run(400, 20261123)
    assert counts.watch.failures == []
    assert counts.watch.inputs >= 380
    assert counts.readable >= 0.5 * counts.watch.inputs
    assert counts.schema_valid >= 0.2 * counts.watch.inputs
