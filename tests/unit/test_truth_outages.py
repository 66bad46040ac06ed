"""The list of `make truth`: every outage is a variant of the replay, and the page says what came out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "truth"))

import variants
from bench import ROOT, parsed
from outages import outages, rendered, rows, stack_copy

REPLAY = ROOT / "experiments" / "aws-us-east-1-2021-12-07.chaos.yaml"
COMPOSE = ROOT / "compose" / "compose.yaml"


@pytest.fixture(scope="module")
def listed():
    return {one.name: one for one in outages(parsed(REPLAY.read_text("utf-8")), COMPOSE.read_text("utf-8"), 7)}


def test_the_base_comes_first_and_every_claim_of_the_issue_is_there(listed):
    names = list(listed)
    assert names[0] == "base"
    assert {"control", "longer-blind", "later-dns-api", "share-0.40", "renamed", "healed"} <= set(names)
    assert sum(name.startswith("without-") for name in names) == 2


def test_a_seed_draws_the_same_again_and_everything_is_every_fault():
    document, compose = parsed(REPLAY.read_text("utf-8")), COMPOSE.read_text("utf-8")
    assert [one.name for one in outages(document, compose, 7)] == [one.name for one in outages(document, compose, 7)]
    every = [one.name for one in outages(document, compose, 7, everything=True) if one.name.startswith("without-")]
    assert len(every) == len(list(variants.injections(document)))


def test_each_outage_differs_from_the_replay_in_what_it_says(listed):
    base = listed["base"].document
    assert listed["control"].document == listed["healed"].document == base
    assert listed["longer-blind"].document["timeline"][-1]["until"] == "760m"
    assert variants.injection(listed["later-dns-api"].document, "dns-api")["until"] == "480m"
    assert listed["share-0.40"].document["stack"]["environment"]["video-multi"]["EAST_SHARE"] == "0.40"
    (trough,) = [check for check in listed["share-0.40"].document["signature"] if "bytes_ratio" in check]
    assert trough["bytes_ratio"] == "56%..64%"


def test_a_copy_of_the_stack_has_no_old_name_left(listed, tmp_path):
    names = listed["renamed"].names
    file = stack_copy(ROOT / "compose", tmp_path / "copy", names)
    before, after = parsed(COMPOSE.read_text("utf-8")), parsed(file.read_text("utf-8"))
    assert set(after["services"]) == {names[name] for name in before["services"]}
    assert not variants.names_of(after) & set(names)
    for name, service in before["services"].items():
        calls = service["labels"].get("regionfall.calls", "").replace("#", ":#").split()
        renamed = after["services"][names[name]]["labels"].get("regionfall.calls", "").replace("#", ":#").split()
        assert [names[c.split(":")[0]] for c in calls] == [c.split(":")[0] for c in renamed]


LINE = {
    "variant": "base", "claim": "as it is", "commit": "abc", "seed": 7, "machine": "2 cores", "date": "22:00Z",
    "expected": "passed", "measured": "passed", "holds": True, "why": "",
}  # fmt: skip


def test_the_newest_line_of_a_commit_counts():
    lines = [LINE | {"holds": False}, LINE | {"commit": "old"}, LINE, LINE | {"variant": "healed"}]
    assert [(line["variant"], line["holds"]) for line in rows(lines, "abc")] == [("base", True), ("healed", True)]


def test_the_page_says_what_does_not_hold_and_why():
    page = rendered([LINE, LINE | {"variant": "healed", "holds": False, "why": "a | b"}])
    assert "| as it is (`base`) | passed | passed | yes |" in page
    assert "**no**: a \\| b" in page
    assert "Not run yet" in rendered([])
