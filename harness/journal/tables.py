"""The tables of samples.sqlite, and the views that people ask. All times are integer µs of the run's own clock."""

from __future__ import annotations

VERSION = 2
READABLE = (1, 2)
"""1 has no look-ups of names and no answers that were cut short; columns that are not there read as 0."""

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE flow (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE outcome (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE sample (
    due_us INTEGER NOT NULL, flow INTEGER NOT NULL, latency_us INTEGER NOT NULL,
    outcome INTEGER NOT NULL, status INTEGER NOT NULL, late_us INTEGER NOT NULL);
CREATE TABLE phase (place INTEGER PRIMARY KEY, name TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL);
CREATE TABLE edge_second (
    t_us INTEGER NOT NULL, edge TEXT NOT NULL, up_bytes INTEGER NOT NULL, down_bytes INTEGER NOT NULL,
    connects INTEGER NOT NULL, refused INTEGER NOT NULL, unanswered INTEGER NOT NULL,
    requests INTEGER NOT NULL, responses INTEGER NOT NULL, gave_up INTEGER NOT NULL,
    errors INTEGER NOT NULL, rejects INTEGER NOT NULL, cut_short INTEGER NOT NULL,
    lookups INTEGER NOT NULL, lookup_answers INTEGER NOT NULL, lookup_errors INTEGER NOT NULL,
    resets INTEGER NOT NULL, hangups INTEGER NOT NULL, ends INTEGER NOT NULL,
    closes INTEGER NOT NULL, close_us INTEGER NOT NULL, segments INTEGER NOT NULL, answer_bytes INTEGER NOT NULL,
    times_us TEXT NOT NULL, gave_up_us TEXT NOT NULL, lookup_times_us TEXT NOT NULL);
CREATE TABLE canary_second (
    t_us INTEGER NOT NULL, border TEXT NOT NULL, n INTEGER NOT NULL, failed INTEGER NOT NULL,
    p50_us INTEGER NOT NULL, max_us INTEGER NOT NULL);
CREATE TABLE reading (
    t_us INTEGER NOT NULL, probe TEXT NOT NULL, state TEXT NOT NULL, value REAL, took_us INTEGER NOT NULL,
    note TEXT NOT NULL);

CREATE VIEW samples AS
    SELECT s.due_us, f.name AS flow, s.latency_us, o.name = 'ok' AS ok, o.name AS outcome
    FROM sample s JOIN flow f ON f.id = s.flow JOIN outcome o ON o.id = s.outcome;
CREATE VIEW phases AS SELECT name, start_us, end_us FROM phase ORDER BY place;
CREATE VIEW edges AS SELECT * FROM edge_second;
CREATE VIEW canary AS SELECT * FROM canary_second;
CREATE VIEW readings AS SELECT * FROM reading;
"""
