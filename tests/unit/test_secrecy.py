"""Secrets of a guest: which values are some, and that none is in what a run keeps."""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent / "analysis"))
from synthetic_run import DB, Run, injection, objective, slowed

from harness.analysis.judge import judge
from harness.analysis.wire import verdict_to_json
from harness.journal.events import Journal, read_events
from harness.journal.manifest import Manifest, read_manifest, read_record, write_manifest
from harness.journal.store import SampleStore
from harness.model.fault import Fault
from harness.model.masking import MASKED, NO_SECRETS, Mask
from harness.model.plan import Plan
from harness.model.probe import Probe, ProbeKind, Reading, State
from harness.model.progress import Said
from harness.report.write import write_report
from harness.wiring.secrecy import guest_mask, secrets_of

PASSWORD, TOKEN, OPAQUE, URL_PASSWORD = "hunter2-rather-long", 'tok"en\\with ünicode', "Zq8vNo2wKx", "s3cr3t/of:url"
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END KEY-----"
CONFIG = {
    "services": {
        "web": {
            "environment": {
                "DB_PASSWORD": PASSWORD, "API_TOKEN": TOKEN, "LICENCE": OPAQUE, "TLS_KEY": PEM, "EMPTY": None,
                "DSN": "postgresql://app:s3cr3t%2Fof%3Aurl@db:5432/shop", "PORT": "8080", "TIMEOUT": "500ms",
                "VERBOSE": "true", "UPSTREAM": "http://db:5432/", "DATA": "/var/lib/web", "MODE": "gone", "SMALL": "ab",
            },
            "build": {"args": {"NPM_TOKEN": "npm-0123456789"}},
        },
        "db": {"environment": {"POSTGRES_PASSWORD": "db-word"}},
    }
}  # fmt: skip
SECRETS = (PASSWORD, TOKEN, OPAQUE, "MIIEvQIBADANBgkqhkiG9w0", URL_PASSWORD, "s3cr3t%2Fof%3Aurl", "db-word",
           "npm-0123456789", "of-the-experiment")  # fmt: skip


def plan(**more: Any) -> Plan:
    run: Run = slowed()
    return replace(run.plan(), environment=(("web", (("EXTRA_SECRET", "of-the-experiment"),)),), **more)


def test_values_are_secrets_unless_it_is_plain_that_they_are_not() -> None:
    found = secrets_of(CONFIG, plan())
    masked = guest_mask(CONFIG, plan())
    for secret in SECRETS:
        assert secret not in masked.text(f"begin {secret} end"), secret
    for plain in ("8080", "500ms", "true", "http://db:5432/", "/var/lib/web", "gone", "ab"):
        assert plain not in found
        assert masked.text(f"begin {plain} end") == f"begin {plain} end"


def test_names_of_the_stack_are_no_secrets_even_as_passwords() -> None:
    config = {"services": {"web": {"environment": {"DB_PASSWORD": "mail", "A_KEY": "web->db:5432", "B": "completed"}}}}
    assert secrets_of(config, replace(plan(), environment=())) == set()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at postgresql://app:pw@db/x and amqp://u@q", f"at postgresql://{MASKED}@db/x and amqp://{MASKED}@q"),
        ("http://web:8080/path?x=a@b", "http://web:8080/path?x=a@b"),
        ("mail an a@b.example", "mail an a@b.example"),
    ],
)
def test_credentials_in_urls_are_masked_without_being_known(text: str, masked: str) -> None:
    assert NO_SECRETS.text(text) == masked


def test_a_short_secret_is_masked_as_a_word_and_a_long_one_everywhere() -> None:
    mask = Mask(["open", "long-secret-value"])
    assert mask.text("open opened xlong-secret-valuex") == f"{MASKED} opened x{MASKED}x"
    assert mask.text(json.dumps("long-secret-value")) == f'"{MASKED}"'


def test_masking_takes_time_in_proportion_to_the_text() -> None:
    import time

    mask = Mask(["a" * 200, *(f"secret-number-{n}" for n in range(500))])
    begun = time.monotonic()
    mask.text("a" * 199 + "://" * 20_000 + "x" * 200_000)
    assert time.monotonic() - begun < 3


def spill(folder: Path, mask: Mask) -> Plan:
    """A run folder in which the guest, the engine and the experiment say every secret wherever they can."""
    everything = " ".join([*SECRETS, PEM, "postgresql://app:never-declared@elsewhere/x"])
    run = slowed(injections=(injection(Fault("slow", latency_s=0.3), DB),), objectives=(objective("p99", "<= 1"),))
    probe = Probe("rows", ProbeKind.SQL, "db", query=f"select '{PASSWORD}'", contains=OPAQUE)
    made = replace(run.plan(), environment=plan().environment, probes=(probe,), notes=(f"Why: {everything}",),
                   title=f"With {PASSWORD}")  # fmt: skip
    flows = tuple(replace(flow, body=json.dumps({"key": TOKEN}), path=f"/?k={OPAQUE}") for flow in made.load.flows)
    made = replace(made, load=replace(made.load, flows=flows))
    write_manifest(folder, Manifest("r1", made, {"python": "3"}, ("run", f"--set=web.X={PASSWORD}")), mask)
    record = run.record()
    journal = Journal(folder, mask=mask)
    for event in record.events:
        journal.write(str(event["event"]), **{k: v for k, v in event.items() if k not in ("event", "seq", "mono")})
    journal.write("blocked", calls=[{"caller": "web", "to": everything, "port": 80, "n": 1}])
    journal.write("guard", name="way out", reason=f"it said: {everything}")
    journal.write("run_failed", reason=RuntimeError(everything), code=70)
    journal.close()
    store = SampleStore(folder / "samples.sqlite", mask)
    store.add_samples(record.samples)
    store.add_edge_seconds(record.edge_seconds)
    store.add_canary(record.canary)
    store.add_readings([Reading(1, "rows", State.BAD, None, 1, f"it says no: {everything}")])
    store.set_phases(record.phases)
    store.set_zero(record.zero_us)
    store.close()
    (folder / "logs").mkdir()
    (folder / "logs" / "web.log").write_text(mask.text(f"starting with {everything}\n"))
    return made


def test_no_secret_is_in_any_file_of_a_run_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    spill(folder, guest_mask(CONFIG, plan()))
    record = read_record(folder)
    verdict = judge(record)
    (folder / "verdict.json").write_text(json.dumps(verdict_to_json(verdict, record)))
    write_report(folder, record, verdict, logs={"web": folder / "logs" / "web.log"})
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert names >= {"manifest.json", "events.ndjson", "samples.sqlite", "verdict.json", "report.html", "summary.md",
                     "junit.xml", "metrics.txt", "web.log"}  # fmt: skip
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            spelled = raw.decode("utf-8", errors="replace")
            for secret in (*SECRETS, "never-declared"):
                for way in {secret, json.dumps(secret)[1:-1], secret.replace('"', "&#34;")}:
                    assert way not in spelled, f"{secret!r} is in {path.name}"
                assert base64.b64encode(secret.encode()) not in raw


def test_a_masked_folder_is_judged_as_the_plain_one_is(tmp_path: Path) -> None:
    answers = []
    for name, mask in (("plain", Mask()), ("masked", guest_mask(CONFIG, plan()))):
        folder = tmp_path / name
        folder.mkdir()
        spill(folder, mask)
        verdict = judge(read_record(folder))
        answers.append([(one.name, one.verdict, one.observed) for one in verdict.findings if one.metric])
        assert list(read_events(folder))
        with closing(sqlite3.connect(folder / "samples.sqlite")) as db:
            assert db.execute("SELECT count(*) FROM samples").fetchone()[0] > 100
    assert answers[0] == answers[1]
    assert MASKED in str(read_manifest(tmp_path / "masked").plan)


def test_what_people_are_told_while_a_run_goes_on_holds_no_secret() -> None:
    mask = guest_mask(CONFIG, plan())
    assert mask.told(Said(f"log: {PASSWORD}", warning=True)) == Said(f"log: {MASKED}", warning=True)


def test_a_run_folder_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from harness.journal.folder import home, new_run

    folder = new_run(home(tmp_path), "x", datetime.now(UTC), "abcd")
    assert folder.stat().st_mode & 0o077 == 0
