"""Run folders that were cut, edited, or written by another version: they are judged, or refused by name."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "analysis"))
from synthetic_run import Run, injection, objective, slow, slow_edge, traffic

from harness.analysis.judge import judge
from harness.analysis.wire import verdict_to_json
from harness.journal.folder import find_run
from harness.journal.manifest import Manifest, read_record, write_manifest
from harness.journal.store import SampleStore
from harness.model.errors import UsageError
from harness.model.fault import Fault
from harness.model.probe import Probe, ProbeKind, Reading, State
from harness.report.write import write_report

DB, WEB = "web->db:5432", "load->web:80"
_FILES = ("manifest.json", "events.ndjson", "samples.sqlite")
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=8),
    st.sampled_from([[], {}, "", "NaN", "<script>", [[[]]], {"a": 1}, 10**400, -1, 1e308]),
)  # fmt: skip
_LIKE = st.tuples(st.just("like"), st.just("manifest.json"), st.tuples(st.integers(0, 10**6), st.integers(0, 9)))
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("cut"), st.sampled_from(_FILES), st.floats(0, 1)),
        st.tuples(st.just("gone"), st.sampled_from(_FILES), st.just(0)),
        st.tuples(st.just("folder"), st.sampled_from(_FILES), st.just(0)),
        st.tuples(st.just("noise"), st.sampled_from(_FILES), st.binary(min_size=1, max_size=40)),
        st.tuples(st.just("schema"), st.just("manifest.json"), _VALUES),
        st.tuples(st.just("set"), st.just("manifest.json"), st.tuples(st.integers(0, 10**6), _VALUES)),
        _LIKE,
        st.tuples(st.just("drop"), st.just("manifest.json"), st.integers(0, 10**6)),
        st.tuples(st.just("event"), st.just("events.ndjson"), st.tuples(st.integers(0, 10**6), _VALUES)),
        st.tuples(st.just("sql"), st.just("samples.sqlite"), st.sampled_from([
            "DROP TABLE sample", "DELETE FROM phase", "UPDATE meta SET value = 99", "DELETE FROM meta",
            "UPDATE sample SET latency_us = 'x'", "UPDATE edge_second SET times_us = 'x'", "DROP VIEW phases",
            "UPDATE sample SET flow = 99", "UPDATE reading SET state = 'odd'", "UPDATE sample SET due_us = NULL",
            "UPDATE phase SET end_us = -1", "UPDATE edge_second SET edge = x'00'", "DELETE FROM sample",
        ])),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def _record() -> Any:
    """A short run with a fault, an objective and a probe."""
    return Run(
        rate=5.0,
        phases=(("gone", 0.0, 4.0), ("after", 4.0, 6.0)),
        injections=(injection(Fault("slow", latency_s=0.3), DB, end=4.0),),
        edges={WEB: traffic(slow_edge()), DB: traffic(slow_edge())},
        answer=slow(0, 4, 0.3),
        objectives=(objective("availability", ">= 0.5"), objective("holds", ">= 1", subject="rows")),
        probes=(Probe("rows", ProbeKind.TCP, "db", 5432),),
        readings=tuple(Reading(s * 1_000_000, "rows", State.GOOD) for s in range(40)),
    ).record()


@cache
def _template(home: Path) -> Path:
    folder, record = home / "template", _record()
    folder.mkdir()
    (folder / "logs").mkdir()
    write_manifest(folder, Manifest("template", record.plan, {"python": "3"}))
    lines = [json.dumps({"seq": n, "mono": n, "wall": "", **dict(e)}, default=str) for n, e in enumerate(record.events)]
    (folder / "events.ndjson").write_text("\n".join(lines) + "\n")
    store = SampleStore(folder / "samples.sqlite")
    store.add_samples(record.samples)
    store.add_edge_seconds(record.edge_seconds)
    store.add_canary(record.canary)
    store.add_readings(record.readings)
    store.set_phases(record.phases)
    store.set_zero(record.zero_us)
    store.close()
    return folder


def edited(home: Path, edits: Any) -> Path:
    """A copy of the template with these edits."""
    folder = home / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_template(home), folder)
    for act, name, what in edits:
        path = folder / name
        if path.is_file():
            _edit(path, act, what)
    return folder


def _edit(path: Path, act: str, what: Any) -> None:
    if act == "cut":
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * what)])
    elif act in ("gone", "folder"):
        path.unlink()
        if act == "folder":
            path.mkdir()
    elif act == "noise":
        data = bytearray(path.read_bytes())
        at = len(data) // 2
        data[at : at + len(what)] = what
        path.write_bytes(bytes(data))
    elif act == "sql":
        try:
            with closing(sqlite3.connect(path)) as db:
                db.execute(what)
                db.commit()
        except sqlite3.Error:
            return  # an earlier edit left nothing to write to
    else:
        _edit_json(path, act, what)


def _edit_json(path: Path, act: str, what: Any) -> None:
    try:
        lines = path.read_text().splitlines() if act == "event" else [path.read_text()]
        at = what[0] % len(lines) if act == "event" else 0
        body = json.loads(lines[at])
        spots = list(_spots(body))
    except (ValueError, ZeroDivisionError):
        return  # an earlier edit left no JSON
    if act == "schema":
        body["schema"] = what
    elif spots:
        holder, key = spots[(what if act == "drop" else what[0]) % len(spots)]
        if act == "drop":
            del holder[key]
        elif act == "like":
            holder[key] = _like(holder[key], what[1])
        else:
            holder[key] = what[1]
    lines[at] = json.dumps(body)
    path.write_text("\n".join(lines) + "\n")


def _like(value: Any, n: int) -> Any:
    """Another value of the same kind: what a hand with a text editor would leave readable."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return type(value)((0, -1, 1, 10**9, 3, 0.5, -3, 7, 1e-9, 100)[n])
    if isinstance(value, str):
        return ("", "gone", "nobody", "steady", "<script>", "a->b:1", "é", "slow", "holds", "-")[n]
    if isinstance(value, list):
        return ([], value[:1], value[1:], value * 2, value[::-1])[n % 5]
    return {} if n % 2 else value


def _spots(node: Any) -> Any:
    for key, value in list(node.items()) if isinstance(node, dict) else list(enumerate(node)):
        yield node, key
        if isinstance(value, dict | list):
            yield from _spots(value)


class Folders:
    """Checks run folders in one place; every tenth one is reported as well, which takes longer."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._count = 0
        _template(home)

    def check(self, edits: Any) -> None:
        """A verdict that is plain JSON, or a refusal with words."""
        folder = edited(self._home, edits)
        self._count += 1
        try:
            record = read_record(find_run(self._home, str(folder)))
            verdict = judge(record)
        except UsageError as error:
            assert str(error)
            return
        json.dumps(verdict_to_json(verdict, record), allow_nan=False)
        assert verdict.exit_code in (0, 1, 3, 4, 7, 70, 130, 143)
        if self._count % 10 == 0:
            write_report(folder, record, verdict, logs={})
