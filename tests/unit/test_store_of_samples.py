"""One SQLite file holds a run: exact, askable with one statement, and there after the death of its writer."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from harness.journal.store import SampleStore, read_store
from harness.model.errors import ClusterError, UsageError
from harness.model.load import Outcome, Sample
from harness.model.probe import Reading, State
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow

SAMPLES = [
    Sample(due_us=1000 * i, flow="ab"[i % 2], latency_us=10 * i, outcome=list(Outcome)[i % 7]) for i in range(200)
]
PHASES = [PhaseWindow("steady", 0, 100_000), PhaseWindow("gone", 100_000, 200_000)]
EDGES = [EdgeSecond(t_us=0, edge="a->b:80", up_bytes=5, requests=2, times_us=(3, 4), gave_up_us=(9,))]
READINGS = [
    Reading(1000, "rows", State.GOOD, 7.0, 900),
    Reading(2000, "rows", State.UNKNOWN, None, 50, "the engine does not answer"),
]
CANARY = [CanarySecond(t_us=0, border="east", n=10, failed=1, p50_us=200, max_us=900)]


def written(path: Path) -> SampleStore:
    store = SampleStore(path)
    store.add_samples(SAMPLES)
    store.add_edge_seconds(EDGES)
    store.add_canary(CANARY)
    store.add_readings(READINGS)
    store.set_phases(PHASES[:1])
    store.set_phases(PHASES)
    store.set_zero(100_000)
    return store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samples.sqlite"


def test_what_was_written_is_read_back_exactly(path: Path) -> None:
    written(path).close()
    assert read_store(path) == (PHASES, SAMPLES, EDGES, CANARY, 100_000, READINGS)


def test_samples_come_back_in_order_of_their_intended_start(path: Path) -> None:
    store = SampleStore(path)
    store.add_samples(SAMPLES[::-1])
    store.close()
    assert read_store(path).samples == SAMPLES


def test_p99_and_availability_of_a_phase_are_one_statement(path: Path) -> None:
    written(path).close()
    statement = """
        WITH mine AS (SELECT s.*, row_number() OVER (ORDER BY latency_us) AS place, count(*) OVER () AS n
                      FROM samples s JOIN phases p ON p.name = 'gone' AND due_us >= start_us AND due_us < end_us
                      WHERE flow = 'a')
        SELECT avg(ok), min(CASE WHEN place >= 0.99 * n THEN latency_us END), count(*) FROM mine"""
    with sqlite3.connect(path) as db:
        availability, p99_us, count = db.execute(statement).fetchone()
    mine = [sample for sample in SAMPLES if sample.flow == "a" and 100_000 <= sample.due_us < 200_000]
    assert (count, p99_us) == (len(mine), sorted(sample.latency_us for sample in mine)[-(-99 * len(mine) // 100) - 1])
    assert availability == sum(sample.outcome is Outcome.OK for sample in mine) / len(mine)


def test_the_views_have_the_promised_columns(path: Path) -> None:
    written(path).close()
    with sqlite3.connect(path) as db:
        columns = {
            view: [c[0] for c in db.execute(f"SELECT * FROM {view}").description] for view in ("samples", "phases")
        }
        assert db.execute("SELECT edge, json_extract(times_us, '$[1]') FROM edges").fetchall() == [("a->b:80", 4)]
    assert columns == {
        "samples": ["due_us", "flow", "latency_us", "ok", "outcome"],
        "phases": ["name", "start_us", "end_us"],
    }


def test_a_closed_store_is_one_file_and_readable_where_nothing_can_be_written(path: Path) -> None:
    written(path).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["samples.sqlite"]
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        assert read_store(path).samples == SAMPLES
        assert [entry.name for entry in path.parent.iterdir()] == ["samples.sqlite"]
    finally:
        path.parent.chmod(0o700)


def test_a_store_can_be_read_while_it_is_written(path: Path) -> None:
    store = written(path)
    store.commit()
    assert read_store(path).samples == SAMPLES
    store.add_samples(SAMPLES)
    store.close()
    assert len(read_store(path).samples) == 2 * len(SAMPLES)


def test_a_reader_in_the_middle_does_not_spoil_the_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, **options | {"timeout": 0.05}))
    store = written(path)
    store.commit()
    with closing(connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM samples").fetchone()
        store.close()
    assert read_store(path).samples == SAMPLES


def test_nothing_committed_is_lost_when_the_writer_is_killed(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from harness.journal.store import SampleStore; from harness.model.load import Outcome, Sample\n"
        "store = SampleStore(Path(sys.argv[1]))\n"
        "store.add_samples([Sample(i, 'a', i, Outcome.OK) for i in range(50)])\n"
        "store.commit(); print('committed', flush=True); sys.stdin.read()"
    )
    root = str(Path(__file__).parents[2])
    arguments = [sys.executable, "-c", program, str(path), root]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "committed\n"
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait(10)
    assert len(read_store(path).samples) == 50


def test_a_store_left_with_its_log_is_readable_where_the_log_cannot_be_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = written(path)
    store.commit()
    copied = path.parent / "elsewhere"
    copied.mkdir()
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{path}{suffix}", copied / f"{path.name}{suffix}")
    store.close()
    connect = sqlite3.connect

    def refuse_read_through(database: object, **options: object) -> sqlite3.Connection:
        if "mode=ro" in str(database):
            raise sqlite3.OperationalError("unable to open database file")
        return connect(database, **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", refuse_read_through)
    assert read_store(copied / path.name).samples == SAMPLES


def test_a_run_without_samples_reads_as_empty(path: Path) -> None:
    assert read_store(path) == ([], [], [], [], 0, [])
    path.touch()
    assert read_store(path).samples == []


def test_a_file_that_is_no_store_is_refused_with_its_name(path: Path) -> None:
    path.write_text("not a database, but long enough to be taken for one " * 20)
    with pytest.raises(UsageError, match=r"samples\.sqlite: not a readable sample store"):
        read_store(path)


def test_a_store_never_overwrites_another(path: Path) -> None:
    written(path).close()
    with pytest.raises(UsageError, match="exists already"):
        SampleStore(path)


def test_a_write_that_failed_is_never_swallowed(path: Path) -> None:
    store = SampleStore(path)
    with pytest.raises(ClusterError, match="samples cannot be written"):
        store.add_samples([Sample(0, "a", None, Outcome.OK)])  # type: ignore[arg-type]
    with pytest.raises(ClusterError, match="samples cannot be written"):
        store.add_canary(CANARY)
    with pytest.raises(ClusterError, match="samples cannot be written"):
        store.close()


def test_a_store_from_before_there_were_probes_is_read(path: Path) -> None:
    written(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript("DROP VIEW readings; DROP TABLE reading;")
    stored = read_store(path)
    assert (stored.samples, stored.readings) == (SAMPLES, [])
