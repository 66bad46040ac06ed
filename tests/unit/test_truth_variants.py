"""The other outages are what they say they are."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("variants", Path(__file__).parents[1] / "truth" / "variants.py")
assert SPEC and SPEC.loader
variants = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(variants)


def document():
    return {
        "stack": {"environment": {"front": {"SHARE": "0.26"}}},
        "load": {"flows": {"shop": {"get": "/"}, "login": {"service": "shop", "get": "/login"}}},
        "timeline": [
            {"phase": "blind", "at": "3m", "until": "118m", "faults": [
                {"id": "a", "on": "shop", "hang": True, "until": "52m"},
                {"id": "b", "on": "tag:bridge", "until": "420m"}]},
            {"phase": "after", "until": "430m", "faults": [{"id": "c", "on": "load->shop:8080"}]},
        ],
        "signature": [
            {"flow": "shop", "recovered_at": "418m..423m", "needs": ["a"]},
            {"flow": "login", "recovered_at": "< 60m", "needs": ["b"]},
            {"edge": "load->shop:8080", "bytes_ratio": "70%..78%"},
        ],
    }  # fmt: skip


def test_a_longer_phase_shifts_everything_after_it_and_nothing_before():
    changed = variants.longer(document(), "blind", 60)
    assert [phase["until"] for phase in changed["timeline"]] == ["178m", "490m"]
    assert changed["timeline"][0]["at"] == "3m"
    assert [f.get("until") for _, f in variants.injections(changed)] == ["52m", "480m", None]
    assert [check.get("recovered_at") for check in changed["signature"]] == ["478m..483m", "< 60m", None]


def test_one_fault_left_out_leaves_all_checks_standing():
    changed = variants.without(document(), "a")
    assert [f["id"] for _, f in variants.injections(changed)] == ["b", "c"]
    assert len(changed["signature"]) == 3
    assert len(variants.checks_needing(changed, "a")) == 1
    with pytest.raises(KeyError):
        variants.without(document(), "nothing")


def test_lifting_one_fault_later_moves_only_its_end():
    changed = variants.lifted_later(document(), "b", "480m")
    assert variants.injection(changed, "b")["until"] == "480m"
    assert variants.injection(changed, "a")["until"] == "52m"


def test_renaming_reaches_services_targets_and_edges_but_not_tags():
    changed = variants.renamed(document(), {"shop": "store", "front": "face", "bridge": "span"})
    assert changed["load"]["flows"] == {
        "shop": {"get": "/", "service": "store"},
        "login": {"service": "store", "get": "/login"},
    }
    assert [f["on"] for _, f in variants.injections(changed)] == ["store", "tag:bridge", "load->store:8080"]
    assert list(changed["stack"]["environment"]) == ["face"]
    assert changed["signature"][2]["edge"] == "load->store:8080"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("      regionfall.calls: bus:8080#bus db:1", "      regionfall.calls: tram:8080#bus db:1"),
        ("      KIND: bus", "      KIND: bus"),
        ("  bus:", "  tram:"),
        ("        bus 8/s = http://bus:8080/bus timeout=1s", "        tram 8/s = http://tram:8080/bus timeout=1s"),
        ("      X: bus-consumer=http://bus-consumer:80", "      X: eater=http://eater:80"),
        ("    depends_on: [bus]", "    depends_on: [tram]"),
        ("    command: [bus, -c]", "    command: [bus, -c]"),
        ("      DSN: sql://bus@bus:5432/bus", "      DSN: sql://bus@tram:5432/bus"),
        ("      RELAY: bus=http://bus:8081", "      RELAY: bus=http://tram:8081"),
        ("  <<: *bus", "  <<: *tram"),
    ],
)
def test_renaming_a_compose_line_touches_whole_names_only(line, expected):
    assert variants.renamed_text(line, {"bus": "tram", "bus-consumer": "eater"}) == expected


def test_renaming_follows_names_that_a_path_asks_for():
    wide = document()
    wide["load"]["flows"]["shop"]["get"] = "/shop/login/shop"
    assert variants.renamed(wide, {"shop": "store"})["load"]["flows"]["shop"]["get"] == "/shop/login/store"


def test_another_limit_changes_the_one_check_that_asks_for_it():
    changed = variants.with_limit(document(), "load->shop:8080", "bytes_ratio", "56%..64%")
    assert [check.get("bytes_ratio") for check in changed["signature"]] == [None, None, "56%..64%"]
    with pytest.raises(KeyError):
        variants.with_limit(document(), "load->shop:8080", "p95", "< 1s")


def test_fresh_names_are_others_and_none_is_there_twice():
    names = variants.fresh_names(["shop", "front", "us-east-1"], random.Random(1))
    assert set(names) == {"shop", "front", "us-east-1"} and len({*names, *names.values()}) == 6
    assert names == variants.fresh_names(["us-east-1", "front", "shop"], random.Random(1)), "drawn from the seed alone"


def test_services_and_regions_have_names():
    project = {"services": {"shop": {"labels": {"regionfall.region": "north"}}}}
    assert variants.names_of(project) == {"shop", "north"}
