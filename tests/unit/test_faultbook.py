"""The page of measured faults: every fault of the catalogue is on it, and a row claims no more than was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).parents[1] / "faultbook"))
from entries import Entry, entries, experiment
from page import page, row_of, settled

from harness.cluster.project import project_from
from harness.faults.catalogue import CATALOGUE, SPREADS
from harness.spec.load import load_experiment

GUEST = Path(__file__).parents[1] / "guests" / "catalogue" / "compose.yaml"
GOOD = {"proved": True, "measure": "median wait (s) on a->b:1", "before": 0.002, "during": 0.302}


def test_every_fault_and_every_way_of_spreading_one_is_a_row():
    names = {entry.name for entry in entries()}
    assert names >= set(CATALOGUE) | {one.kind for one in SPREADS}


@pytest.fixture(scope="module")
def guest():
    config = YAML(typ="safe").load(GUEST.read_text(encoding="utf-8"))
    return project_from(config, [GUEST], directory=GUEST.parent)


def verdict(**changes: object) -> dict:
    one = {"id": "it", "fault": "slow 300 ms", "edges": ["a->b:1"], "state": "healed"}
    one |= {"effect": GOOD, "contained": GOOD, "planned_s": 8.0}
    return {"injections": [one | changes], "cleanup": "verified", "status": "completed"}


EVENTS = [
    {"event": "anchor", "zero_us": 7_000_000},
    {"event": "injection_pending", "injection": "it", "at_us": 7_010_000},
    {"event": "injection_holding", "injection": "it", "at_us": 7_052_000},
    {"event": "injection_healed", "injection": "it", "at_us": 15_031_000},
]


def test_times_count_from_the_call_and_from_the_planned_end():
    row = row_of(verdict(), EVENTS, 8)
    assert row["hold_s"] == pytest.approx(0.042)
    assert row["heal_s"] == pytest.approx(0.031)
    assert settled(row)


@pytest.mark.parametrize(
    "changes", [{"effect": {"proved": False}}, {"contained": {"proved": False}}, {"state": "stuck"}], ids=str
)
def test_a_row_that_does_not_say_all_is_not_settled_and_is_named(changes):
    row = row_of(verdict(**changes), EVENTS, 8) | {"name": "slow", "asked": "{…}"}
    assert not settled(row)
    assert "0 of 1 proved" in page([row], [], dict.fromkeys(("commit", "date", "seed", "machine"), "x"))


def test_a_run_that_ended_early_is_not_settled_whatever_it_proved_until_then():
    row = row_of(verdict() | {"status": "errored"}, EVENTS, 8) | {"name": "flap", "asked": "{…}"}
    assert not settled(row)
    text = page([row], [], dict.fromkeys(("commit", "date", "seed", "machine"), "x"))
    assert "did not go on to its end: errored" in text


def test_a_run_without_a_verdict_is_a_row_that_says_why():
    row = {"name": "odd", "asked": "{on: a | b, odd: true}", "why": "refused: no such thing"}
    text = page([row], ["names"], dict.fromkeys(("commit", "date", "seed", "machine"), "x"))
    assert "not measured" in text and "refused: no such thing" in text and "family *names*" in text
    assert "a \\| b" in text


def test_an_experiment_of_every_entry_is_one_that_the_harness_takes(tmp_path: Path, guest):
    for entry in entries():
        file = tmp_path / "it.chaos.yaml"
        file.write_text(json.dumps(experiment(entry, str(GUEST))))
        plan = load_experiment(file, read_stack=lambda files, directory: guest.stack)
        assert [injection.id for injection in plan.injections] == ["it"], entry.name
        assert plan.injections[0].edges


def test_two_entries_never_share_a_name():
    names = [entry.name for entry in entries()]
    assert len(names) == len(set(names))
    assert isinstance(entries()[0], Entry)
