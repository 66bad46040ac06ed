"""Journal, run folders, manifest: what survives a crash."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import cattrs
import pytest

from harness.journal.events import Journal, read_events
from harness.journal.folder import find_run, home, new_run, slug
from harness.journal.manifest import Manifest, read_manifest, write_manifest
from harness.model.errors import UsageError
from harness.model.fault import Fault, Injection
from harness.model.load import Flow, Load, RatePoint
from harness.model.objective import Limit, Objective
from harness.model.plan import Phase, Plan
from harness.model.stack import Edge, Entry, Service, Stack

NOW = datetime(2026, 11, 22, 20, 15, tzinfo=UTC)


def some_plan() -> Plan:
    edge = Edge("web", "db", 5432, "sql", "east", "west")
    return Plan(
        name="shop", title="Shop", file="shop.chaos.yaml", sha256="00", seed=7,
        stack=Stack("shop", (Service("web", "east", entry=Entry(80), labels=(("regionfall.role", "edge"),)),), (edge,)),
        load=Load((RatePoint(0, 10.5),), (Flow("web", "web", 80, ok_status=(200, 201)),)), warmup_s=5,
        phases=(Phase("steady", -10, 0), Phase("gone", 0, 10.25)),
        injections=(
            Injection("x", Fault("flags", flags=(("a", "true"),)), "db", "gone", 0, 10.25, services=("db",)),
        ),
        objectives=(Objective("web", "p95", Limit("< 800ms", high=0.8, high_strict=True), phases=("gone",)),),
        environment=(("web", (("DB_TIMEOUT", "500ms"),)),), seed_exec=("db", ("psql", "-f", "/seed.sql")),
    )  # fmt: skip


def test_events_are_readable_line_by_line_while_the_journal_is_open(tmp_path):
    journal = Journal(tmp_path, monotonic=lambda: 12.5)
    journal.write("phase_started", phase="steady")
    journal.write("phase_ended", phase="steady")
    events = list(read_events(tmp_path))
    assert [(e["seq"], e["event"], e["mono"]) for e in events] == [(1, "phase_started", 12.5), (2, "phase_ended", 12.5)]


def test_a_last_line_cut_short_by_a_crash_is_left_out(tmp_path):
    journal = Journal(tmp_path)
    journal.write("one")
    journal.close()
    with (tmp_path / "events.ndjson").open("a") as stream:
        stream.write('{"seq": 2, "event": "tw')
    assert [e["event"] for e in read_events(tmp_path)] == ["one"]


def test_a_full_disk_is_told_once_and_never_raised_since_whoever_writes_may_be_about_to_heal(tmp_path):
    (tmp_path / "events.ndjson").symlink_to("/dev/full")
    told: list[str] = []
    journal = Journal(tmp_path, on_broken=told.append)
    journal.write("heal_started")
    journal.write("heal_done")
    journal.close()
    assert len(told) == 1 and "No space left" in told[0]


class Stubborn:
    """A file that takes a few bytes at a time, and none at all while it is full."""

    def __init__(self, path):
        self.stream, self.full, self.closed = path.open("ab", buffering=0), False, False

    def write(self, data):
        if self.full:
            raise OSError(28, "No space left on device")
        return self.stream.write(bytes(data[:7]))

    def close(self):
        self.closed = True


def test_what_found_no_room_is_written_in_order_as_soon_as_there_is_some(tmp_path):
    journal = Journal(tmp_path)
    journal._file = Stubborn(tmp_path / "events.ndjson")
    journal.write("one")
    journal._file.full = True
    journal.write("two")
    assert [e["event"] for e in read_events(tmp_path)] == ["one"]
    journal._file.full = False
    journal.write("three")
    assert [e["event"] for e in read_events(tmp_path)] == ["one", "two", "three"]


def test_a_wall_clock_that_is_stepped_moves_neither_order_nor_seconds(tmp_path):
    hours = iter((20, 3, 23))
    seconds = iter((10.0, 11.0, 12.0))
    journal = Journal(tmp_path, monotonic=lambda: next(seconds), wall=lambda: NOW.replace(hour=next(hours)))
    for name in ("one", "two", "three"):
        journal.write(name)
    events = list(read_events(tmp_path))
    assert [(e["seq"], e["mono"]) for e in events] == [(1, 10.0), (2, 11.0), (3, 12.0)]
    assert [e["wall"][11:13] for e in events] == ["20", "03", "23"]


def test_a_write_after_close_is_dropped(tmp_path):
    journal = Journal(tmp_path)
    journal.close()
    journal.write("late")
    assert list(read_events(tmp_path)) == []


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    manifest = Manifest("run-1", some_plan(), {"python": "3.11"}, ("regionfall", "run"))
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest


def test_every_field_of_a_plan_survives_the_way_through_json():
    plan = some_plan()
    assert cattrs.structure(cattrs.unstructure(plan), Plan) == plan


def test_a_manifest_of_before_faults_had_params_is_read_as_it_was(tmp_path):
    manifest = Manifest("run-1", some_plan(), {})
    body = {"schema": 1, **cattrs.unstructure(manifest)}
    for injection in body["plan"]["injections"]:
        del injection["fault"]["params"]
    (tmp_path / "manifest.json").write_text(json.dumps(body))
    assert read_manifest(tmp_path) == manifest


def test_a_fault_that_this_version_does_not_know_is_named(tmp_path):
    plan = some_plan()
    strange = replace(plan.injections[0], fault=Fault("flicker", params=(("period", 3.0), ("way", "both"))))
    write_manifest(tmp_path, Manifest("run-1", replace(plan, injections=(strange,)), {}))
    with pytest.raises(UsageError, match="no fault 'flicker'"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 99}', '{"schema": 1, "run": 5}', "null"])
def test_a_damaged_manifest_is_a_usage_error_that_names_the_file(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UsageError, match=r"manifest\.json"):
        read_manifest(tmp_path)


def test_a_run_is_found_by_path_by_name_by_part_and_as_latest(tmp_path):
    base = home(tmp_path)
    first = new_run(base, "Checkout survives!", NOW, "aaaa")
    second = new_run(base, "Other", NOW, "bbbb")
    assert first.name == "20261122T201500Z-checkout-survives-aaaa"
    for folder in (first, second):
        (folder / "manifest.json").write_text("{}")
    assert find_run(base, "aaaa") == first
    assert find_run(base, str(second)) == second
    assert find_run(base, "latest") == second
    with pytest.raises(UsageError, match="2 runs"):
        find_run(base, "2026")
    with pytest.raises(UsageError, match="no run"):
        find_run(base, "nothing")


def test_the_home_hides_itself_from_git(tmp_path):
    assert (home(tmp_path) / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("text", "expected"), [("A b/c", "a-b-c"), ("", "run"), ("../../etc", "etc"), ("ü" * 5, "run")]
)
def test_a_slug_is_safe_as_a_file_name(text, expected):
    assert slug(text) == expected
