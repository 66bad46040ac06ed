"""A program's experiment is a file at every moment: its pieces, its faults, its messages."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import INTERNET, Edge, Entry, Service, Stack
from harness.spec.script import HORIZON_S, Script

STACK = Stack(
    "shop",
    (Service("web", "east", entry=Entry(80)), Service("db", "west")),
    (
        Edge("load", "web", 80, caller_region=INTERNET, callee_region="east"),
        Edge("web", "db", 5432, caller_region="east", callee_region="west"),
    ),
)


def script(**more: object) -> Script:
    found = Script(Path("/somewhere/test_shop.py"), "test-shop", {"rate": "50/s", "flows": {"web": {}}})
    found.steady(8.0, 3.25, more)  # type: ignore[arg-type]
    return found


def plan(script: Script) -> Plan:
    return script.plan(lambda files, directory: STACK)


def test_before_the_baseline_everything_is_warm_up() -> None:
    early = Script(Path("/x/t"), "t", {})
    assert plan(early).warmup_s == HORIZON_S
    assert plan(early).injections == ()


def test_what_holds_is_open_until_it_is_mended() -> None:
    one = script()
    assert one.broken("web->db", {"slow": "300ms"}, 0.004) == "slow"
    (held,) = plan(one).injections
    assert (held.start_s, held.end_s, held.phase) == (0.004, HORIZON_S, "during")
    one.mended("slow", 8.5)
    one.done(20.0)
    (healed,) = plan(one).injections
    assert (healed.start_s, healed.end_s, healed.edges) == (0.004, 8.5, ("web->db:5432",))
    assert [(p.name, p.start_s, p.end_s) for p in plan(one).phases] == [
        ("steady", -8.0, 0.0), ("during", 0.0, 8.5), ("after", 8.5, 20.0),
    ]  # fmt: skip
    assert plan(one).warmup_s == 3.25


def test_time_before_the_first_fault_is_a_piece_of_its_own_when_it_is_long_enough() -> None:
    one = script()
    one.broken("web->db", {"hang": True}, 4.0)
    one.mended("hang", 9.0)
    one.done(12.0)
    one.expect["web"] = [{"availability": ">= 99%"}]
    assert [p.name for p in plan(one).phases] == ["steady", "before", "during", "after"]
    assert plan(one).objectives[0].phases == ("during", "after")


def test_faults_within_faults_cut_time_and_keep_their_own_ends() -> None:
    one = script()
    one.broken("web->db", {"slow": "100ms"}, 0.0, phase="slow")
    one.broken("load->web", {"slow": "50ms"}, 5.0, id_="entry")
    one.mended("entry", 9.0)
    one.mended("slow", 13.0)
    one.broken("web->db", {"slow": "100ms"}, 16.0)
    one.mended("slow-2", 20.0)
    one.done(25.0)
    assert [(p.name, p.start_s) for p in plan(one).phases[1:]] == [
        ("slow", 0.0), ("during", 5.0), ("during-2", 9.0), ("after", 13.0), ("during-3", 16.0), ("after-2", 20.0),
    ]  # fmt: skip
    assert {(i.id, i.start_s, i.end_s) for i in plan(one).injections} == {
        ("slow", 0.0, 13.0), ("entry", 5.0, 9.0), ("slow-2", 16.0, 20.0),
    }  # fmt: skip


def test_a_piece_too_short_to_be_a_phase_becomes_part_of_the_next() -> None:
    one = script()
    one.broken("web->db", {"slow": "100ms"}, 0.01)
    one.mended("slow", 6.0)
    one.broken("web->db", {"hang": True}, 6.3, phase="gone")
    one.mended("hang", 12.0)
    one.done(12.4)
    assert [(p.name, p.start_s, p.end_s) for p in plan(one).phases[1:]] == [("during", 0.0, 6.0), ("gone", 6.0, 12.4)]
    assert [(i.id, i.start_s) for i in plan(one).injections] == [("slow", 0.01), ("hang", 6.3)]


@pytest.mark.parametrize(
    ("on", "how", "said"),
    [("web->dbb", {"slow": "300ms"}, "dbb"), ("web->db", {"slow": "300"}, "unit"), ("web->db", {"slwo": "1s"}, "slow")],
)  # fmt: skip
def test_what_cannot_be_had_is_said_in_the_words_of_files(on: str, how: dict[str, str], said: str) -> None:
    one = script()
    one.broken(on, how, 0.0)
    with pytest.raises(InvalidFile, match=said):
        plan(one)


def test_two_faults_or_two_phases_of_one_name_are_refused() -> None:
    one = script()
    one.broken("web->db", {"slow": "100ms"}, 0.0, id_="mine", phase="gone")
    with pytest.raises(InvalidFile, match="two faults of this load are called 'mine'"):
        one.broken("load->web", {"slow": "100ms"}, 2.0, id_="mine")
    with pytest.raises(InvalidFile, match="two phases are called 'gone'"):
        one.phase("gone", 5.0)


def test_too_little_data_is_no_mistake_of_the_program_that_ended_early() -> None:
    one = script(web={"availability": ">= 99%"})
    one.broken("web->db", {"hang": True}, 0.0)
    one.mended("hang", 1.5)
    one.done(2.0)
    one.expect["web"] = [{"availability": ">= 99.99%", "p99": "< 1s"}]
    assert [o.metric for o in plan(one).objectives] == ["availability", "p99"]


def test_the_document_is_a_file_that_people_can_keep() -> None:
    one = script()
    one.broken("web->db", {"slow": "300ms", "share": "35%"}, 0.0)
    one.done(9.0)
    text = YAML(typ="safe").load(one.text())
    assert text["timeline"] == [
        {"phase": "during", "at": "0s", "until": "9s", "faults": [
            {"id": "slow", "on": "web->db", "slow": "300ms", "share": "35%", "at": "0s", "until": "9s"},
        ]},
    ]  # fmt: skip


@pytest.mark.parametrize("at_s", [8.2, 12.0], ids=["into a piece too short to stand alone", "as a piece of its own"])
def test_a_name_that_is_taken_is_refused_where_the_program_says_it(at_s: float) -> None:
    one = script()
    one.broken("web->db", {"slow": "100ms"}, 0.0, phase="gone")
    one.mended("slow", 8.0)
    with pytest.raises(InvalidFile, match="^phase:1:1 two phases are called 'gone'"):
        one.broken("web->db", {"hang": True}, at_s, phase="gone")
