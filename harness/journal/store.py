"""Every sample of a run, and what the proxies saw, in one SQLite file that survives the death of its writer.

Written with a write-ahead log and `synchronous=NORMAL`: what was committed is there after a `kill -9`. A store that
was closed properly is one plain file; it can be read where nothing can be written.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, NamedTuple

from harness.journal.tables import READABLE, SCHEMA, VERSION
from harness.model.errors import ClusterError, UsageError
from harness.model.load import Outcome, Sample
from harness.model.masking import NO_SECRETS, Mask
from harness.model.probe import Reading, State
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow

COMMIT_S = 0.2
"""What was added is on disk at most this much later."""
_BUSY_S = 10.0
_ZERO = "zero_us"
_LISTS = frozenset({"times_us", "gave_up_us", "lookup_times_us"})
"""Columns of an edge's second that hold JSON."""


class Stored(NamedTuple):
    """What a store holds, in order of time."""

    phases: list[PhaseWindow]
    samples: list[Sample]
    edge_seconds: list[EdgeSecond]
    canary: list[CanarySecond]
    zero_us: int
    readings: list[Reading]


_EMPTY = Stored([], [], [], [], 0, [])


class SampleStore:
    """The writer. Any thread may call it; a thread of its own commits every `COMMIT_S`."""

    def __init__(self, path: Path, mask: Mask = NO_SECRETS) -> None:
        """Create the file; UsageError when there is one already: a run is never overwritten."""
        if path.exists():
            raise UsageError(f"{path}: exists already; a run never overwrites another one's samples")
        self._path, self._mask = path, mask
        self._lock = threading.Lock()
        self._failure: sqlite3.Error | None = None
        with self._writing():
            self._create()
        self._flows: dict[str, int] = {}
        self._closed = threading.Event()
        self._committer = threading.Thread(target=self._commit_for_ever, name="sample store", daemon=True)
        self._committer.start()

    def _create(self) -> None:
        self._db = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        names = ", ".join(f"('{outcome}')" for outcome in Outcome)
        first = f"INSERT INTO outcome (name) VALUES {names}; INSERT INTO meta VALUES ('version', {VERSION});"
        self._db.executescript(f"BEGIN; {SCHEMA} {first} COMMIT")
        self._outcomes = {Outcome(name): key for key, name in self._db.execute("SELECT id, name FROM outcome")}

    def add_samples(self, samples: Sequence[Sample]) -> None:
        """Finished samples, in any order."""
        with self._writing():
            rows = [
                (s.due_us, self._flow(s.flow), s.latency_us, self._outcomes[s.outcome], s.status, s.late_us)
                for s in samples
            ]
            self._insert("sample", rows)

    def add_edge_seconds(self, rows: Sequence[EdgeSecond]) -> None:
        """What borders saw, second by second."""
        with self._writing():
            self._insert("edge_second", [_with_json(row) for row in rows])

    def add_canary(self, rows: Sequence[CanarySecond]) -> None:
        """Round trips of the borders' own connections."""
        with self._writing():
            self._insert("canary_second", [astuple(row) for row in rows])

    def add_readings(self, rows: Sequence[Reading]) -> None:
        """What probes were answered."""
        with self._writing():
            self._insert("reading", [(*astuple(row)[:-1], self._mask.text(row.note)) for row in rows])

    def set_phases(self, phases: Sequence[PhaseWindow]) -> None:
        """Replace all phases."""
        with self._writing():
            self._begin()
            self._db.execute("DELETE FROM phase")
            self._insert("phase", [(place, p.name, p.start_us, p.end_us) for place, p in enumerate(phases)])

    def set_zero(self, us: int) -> None:
        """t=0 of the timeline on the run's clock."""
        with self._writing():
            self._begin()
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_ZERO, us))

    def commit(self) -> None:
        """Everything added so far can be read by others, and survives this process."""
        with self._writing():
            if self._db.in_transaction:
                self._db.execute("COMMIT")

    def close(self) -> None:
        """Commit and fold the log into the file, which is then all there is. Safe to repeat."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._committer.join()
        try:
            self.commit()
            with (
                self._lock,
                suppress(sqlite3.OperationalError),
            ):  # somebody reads just now: the log stays beside the file
                self._db.execute("PRAGMA journal_mode=DELETE")
        finally:
            self._db.close()

    def _commit_for_ever(self) -> None:
        with suppress(ClusterError):  # kept in `_failure`, and raised in the next caller's thread
            while not self._closed.wait(COMMIT_S):
                self.commit()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One writer at a time. After a write that failed every later one fails too: rows may be missing."""
        with self._lock:
            try:
                if self._failure is not None:
                    raise self._failure
                yield
            except sqlite3.Error as error:
                self._failure = error
                raise ClusterError(f"{self._path}: samples cannot be written ({error}); is the disk full?") from error

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def _insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._begin()
            marks = ", ".join("?" * len(rows[0]))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def _flow(self, name: str) -> int:
        if name not in self._flows:
            self._begin()
            cursor = self._db.execute("INSERT INTO flow (name) VALUES (?)", (name,))
            self._flows[name] = int(cursor.lastrowid or 0)
        return self._flows[name]


def read_store(path: Path) -> Stored:
    """All of a store, also while it is being written, after its writer was killed, and on a read-only file system.

    A run that ended before its samples began has no file: everything is empty. UsageError for a file that is none.
    """
    if not path.exists():
        return _EMPTY
    try:
        return _opened(path, _read)
    except (sqlite3.Error, KeyError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{path}: not a readable sample store ({error}); restore it from a copy") from error


def _opened(path: Path, read: Callable[[sqlite3.Connection], Stored]) -> Stored:
    """Without a log the file cannot change: `immutable`. A log is read through, on a copy if nothing can be written."""
    where = path.absolute().as_uri()
    if not _log_of(path).exists():
        with closing(sqlite3.connect(f"{where}?immutable=1", uri=True)) as db:
            return read(db)
    try:
        with closing(sqlite3.connect(f"{where}?mode=ro", uri=True, timeout=_BUSY_S)) as db:
            return read(db)
    except sqlite3.OperationalError:
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            shutil.copyfile(_log_of(path), _log_of(copy))
            with closing(sqlite3.connect(copy)) as db:
                return read(db)


def _read(db: sqlite3.Connection) -> Stored:
    db.execute("BEGIN")
    if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return _EMPTY  # its writer died while creating it
    meta = dict(db.execute("SELECT key, value FROM meta"))
    if meta.get("version") not in READABLE:
        raise sqlite3.DatabaseError(f"its version is {meta.get('version')}, this program reads {READABLE}")
    _refuse_odd_types(db)
    flows = dict(db.execute("SELECT id, name FROM flow"))
    outcomes = {key: Outcome(name) for key, name in db.execute("SELECT id, name FROM outcome")}
    present = {str(row[1]) for row in db.execute("PRAGMA table_info(edge_second)")}
    names = [field.name for field in fields(EdgeSecond) if field.name in present]
    columns = ", ".join(names)
    return Stored(
        phases=[PhaseWindow(*row) for row in db.execute("SELECT name, start_us, end_us FROM phases")],
        samples=[
            Sample(due_us, flows[flow], latency_us, outcomes[outcome], status, late_us)
            for due_us, flow, latency_us, outcome, status, late_us in db.execute(
                "SELECT due_us, flow, latency_us, outcome, status, late_us FROM sample ORDER BY due_us, rowid"
            )
        ],
        edge_seconds=[
            EdgeSecond(**{name: _loaded(name, value) for name, value in zip(names, row, strict=True)})
            for row in db.execute(f"SELECT {columns} FROM edge_second ORDER BY t_us, edge, rowid")
        ],
        canary=[
            CanarySecond(*row)
            for row in db.execute(
                "SELECT t_us, border, n, failed, p50_us, max_us FROM canary_second ORDER BY t_us, border"
            )
        ],
        zero_us=meta.get(_ZERO, 0),
        readings=_readings(db),
    )


def _refuse_odd_types(db: sqlite3.Connection) -> None:
    """SQLite keeps whatever it is given in whatever column; a row that somebody edited must not reach the judge."""
    for table in ("meta", "flow", "outcome", "sample", "phase", "edge_second", "canary_second"):
        wanted = {name: kind.lower() for _, name, kind, *_ in db.execute(f"PRAGMA table_info({table})")}
        odd = " OR ".join(f"typeof({name}) <> '{kind}'" for name, kind in wanted.items())
        if odd and db.execute(f"SELECT 1 FROM {table} WHERE {odd} LIMIT 1").fetchone():
            raise sqlite3.DatabaseError(f"table {table} holds values of another type than it should")


def _whole(text: str) -> tuple[int, ...]:
    values = json.loads(text)
    if not isinstance(values, list) or any(type(value) is not int for value in values):
        raise ValueError("a list of times is none")
    return tuple(values)


def _readings(db: sqlite3.Connection) -> list[Reading]:
    """Answers of probes; runs from before there were probes have no such table."""
    if not db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'reading'").fetchone()[0]:
        return []
    rows = db.execute("SELECT t_us, probe, state, value, took_us, note FROM reading ORDER BY t_us, rowid")
    return [
        Reading(t_us, probe, State(state), value, took_us, note) for t_us, probe, state, value, took_us, note in rows
    ]


def _with_json(row: EdgeSecond) -> tuple[Any, ...]:
    """The row's columns in the order of its fields; its lists as JSON text."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    return tuple(_text(value) if name in _LISTS else value for name, value in values.items())


def _loaded(name: str, value: Any) -> Any:
    return _whole(value) if name in _LISTS else value


def _text(values: Iterable[int]) -> str:
    return json.dumps(list(values), separators=(",", ":"))


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
