"""One whole run on a small stack: probes see what happens inside, and nothing that the run keeps holds a secret."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)
SECRETS = (
    "planted-in-environment-7f3a",
    "planted-in-env-file-91bc",
    "planted-in-a-url-55d0",
    "planted-by-the-file-c2e8",
)
OVERLAY = f"""\
services:
  web:
    environment:
      API_TOKEN: {SECRETS[0]}
      DSN: "postgresql://app:{SECRETS[2]}@orders:5432/shop"
    env_file: [FOLDER/web.env]
    entrypoint: [sh, -c, "env; exec python3 web.py"]
"""
EXPERIMENT = f"""\
version: 1
name: probed
stack:
  compose: [{shop.GUESTS / "two-services" / "compose.yaml"}, overlay.yaml]
  environment: {{web: {{EXTRA: {SECRETS[3]}}}}}
load:
  rate: 40/s
  arrivals: even
  warmup: 5s
  flows: {{shop: {{service: web, get: /}}}}
probes:
  alive:   {{http: {{at: "orders:8080/", status: 2xx}}, tolerance: 1}}
  door:    {{tcp: "orders:8080", tolerance: 1}}
  known:   {{dns: {{from: web, name: orders}}, tolerance: 1}}
  shell:   {{exec: {{service: web, run: [test, -n, x]}}, tolerance: 1}}
  moving:  {{bytes: "web->orders", value: ">= 1KB/s"}}
  says:    {{log: {{service: orders, pattern: "never * written", absent: true}}}}
  mine:    {{python: {{file: mine.py, function: asks}}, tolerance: 1}}
  failing: {{http: {{at: "web:8080/shop", status: 503}}}}
steady: {{for: 6s, expect: {{alive: {{holds: ">= 90%"}}}}}}
timeline:
  - {{phase: gone, for: 6s, faults: [{{id: cut, on: "web->orders", refuse: true}}]}}
  - {{phase: after, for: 12s}} # bytes are told some seconds late
expect:
  alive: {{holds: ">= 90%", phases: [gone]}}
  door: {{holds: ">= 90%"}}
  known: {{holds: ">= 90%"}}
  shell: {{holds: ">= 90%"}}
  says: {{holds: ">= 50%"}}
  mine: {{holds: ">= 90%"}}
  moving: {{holds: ">= 50%", phases: [after]}}
  failing: {{within: 4s}}
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object]:
    shell = shop.Shell(tmp_path_factory.mktemp("probed"))
    shell.write("overlay.yaml", OVERLAY.replace("FOLDER", str(shell.directory)))
    shell.write("web.env", f"FROM_FILE={SECRETS[1]}\n")
    shell.write("mine.py", "def asks(ask):\n    return ask.http('orders:8080/').status == 200\n")
    shell.write("probed.chaos.yaml", EXPERIMENT)
    refused = shell("run", "probed.chaos.yaml")
    assert refused.code == 2
    assert "--allow-host-commands" in refused.err
    assert not (shell.directory / ".regionfall" / "runs").exists() or not any(
        (shell.directory / ".regionfall" / "runs").iterdir()
    ), "nothing is touched before somebody says so"
    return shell, shell.run("probed.chaos.yaml", "--allow-host-commands")


def test_probes_see_the_inside_while_an_edge_is_cut(answer) -> None:
    _, told = answer
    found = {one["probe"]: one for one in told.verdict["findings"] if one["probe"] and one["kind"] == "objective"}
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(
        ("alive", "door", "known", "shell", "says", "mine", "moving", "failing"), "passed"
    ), json.dumps(found, indent=1)
    assert told.code == 0, told.verdict["reasons"]
    assert found["failing"]["observed"] < 4.0


def test_every_probe_was_asked_about_once_a_second(answer) -> None:
    shell, _ = answer
    with sqlite3.connect(shell.latest / "samples.sqlite") as db:
        counts = dict(db.execute("SELECT probe, count(*) FROM readings GROUP BY probe").fetchall())
        unknown = db.execute("SELECT probe, note FROM readings WHERE state = 'unknown'").fetchall()
    assert set(counts) == {"alive", "door", "known", "shell", "moving", "says", "mine", "failing"}
    assert all(12 <= count <= 32 for count in counts.values()), counts
    assert {probe for probe, _ in unknown} <= {"moving", "says"}, unknown


def test_the_guest_said_its_secrets_and_the_run_kept_none(answer) -> None:
    shell, told = answer
    assert "API_TOKEN=***" in (shell.latest / "logs" / "web.log").read_text()
    for path in shell.latest.rglob("*"):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        if path.name == "woven.compose.yaml":
            assert all(secret.encode() in raw for secret in SECRETS), "containers need them"
            assert path.stat().st_mode & 0o077 == 0
            continue
        assert not [secret for secret in SECRETS if secret.encode() in raw], path.name
    assert not [secret for secret in SECRETS if secret in told.out + told.err]
    assert shell.latest.stat().st_mode & 0o077 == 0


def test_a_run_whose_values_were_not_kept_is_not_run_again_with_stars(answer) -> None:
    shell, _ = answer
    again = shell("rerun", "latest")
    assert again.code == 2
    assert "run its file again" in again.err
