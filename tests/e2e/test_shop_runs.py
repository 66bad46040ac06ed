"""Runs of the command on a small stack: every promise about faults, verdicts and clean-up, seen from the shell."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = pytest.mark.timeout(300)
HANG = '{id: cut, on: "web->orders", hang: true}'


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A folder in which the shop is up; taken down at the end, whatever happened."""
    shell = shop.Shell(tmp_path_factory.mktemp("shop"))
    shell.write("labels.yaml", shop.LABELS)
    shell.write("shop.chaos.yaml", shop.experiment(HANG))
    up = shell("up", "shop.chaos.yaml", "--json")
    assert up.code == 0, up.err
    shell.url = json.loads(up.out)["urls"]["web"]
    yield shell
    down = shell("down")
    assert down.code == 0, down.err


@pytest.fixture
def known(shell):
    """Run folders that were there before this test."""
    runs = shell.directory / ".regionfall" / "runs"
    return set(runs.iterdir()) if runs.is_dir() else set()


def started(shell, known, name="shop.chaos.yaml", injection="cut"):
    """A run in the background whose fault holds."""
    process = shell.start("run", name, "--json")
    folder = shop.wait_for(lambda: shop.holding(shell, injection, known), 45)
    return process, folder


# -- what a run answers


@pytest.fixture(scope="module")
def passed(shell):
    """One plain run: a cut that the shop cannot survive, and an objective that says so."""
    both = 'shop: [{availability: "<= 10%", phases: [gone]}, {p99: "< 1900ms", phases: [gone]}]'
    shell.write("passes.chaos.yaml", shop.experiment(HANG, expect=both))
    return shell.run("passes.chaos.yaml")


def test_a_cut_that_does_what_is_expected_passes_with_everything_proved(passed):
    assert passed.code == 0, passed.reasons + passed.err
    assert (passed.verdict["verdict"], passed.verdict["cleanup"]) == ("passed", "verified")
    cut = passed.injection("cut")
    assert cut["state"] == "healed" and cut["effect"]["proved"] and cut["contained"]["proved"]
    assert passed.verdict["load"]["offered"] == passed.verdict["load"]["rows"] == 15 * 60


def test_availability_and_p99_recomputed_with_one_sql_statement_agree_with_the_verdict(passed, shell):
    folder = shell.directory / ".regionfall" / "runs" / passed.verdict["run"]
    sql = """
      with rows as (select s.latency_us, s.ok,
                           row_number() over (order by s.latency_us) as place, count(*) over () as n
                    from samples s join phases p on s.due_us >= p.start_us and s.due_us < p.end_us
                    where p.name = 'gone')
      select avg(ok), max(n), min(case when place >= 0.99 * n then latency_us end) from rows"""
    with sqlite3.connect(f"file:{folder / 'samples.sqlite'}?mode=ro", uri=True) as store:
        availability, n, p99_us = store.execute(sql).fetchone()
    finding = passed.finding("shop availability")
    assert finding["observed"] == pytest.approx(availability, abs=1e-9)
    assert finding["n"] == n == 360
    assert passed.finding("shop p99")["observed"] == pytest.approx(p99_us / 1e6, abs=1e-9)
    assert p99_us > 0.45e6  # the shop gives up after half a second


def test_the_same_folder_is_judged_the_same_elsewhere_without_an_engine(passed, shell, tmp_path):
    copy = tmp_path / "copied"
    shutil.copytree(shell.directory / ".regionfall" / "runs" / passed.verdict["run"], copy)
    elsewhere = shop.Shell(tmp_path, DOCKER_HOST="unix:///nowhere/docker.sock")
    again = elsewhere("report", str(copy), "--judge", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out) == passed.verdict


def test_the_run_folder_is_complete_and_its_rendered_file_is_private(passed, shell):
    folder = shell.directory / ".regionfall" / "runs" / passed.verdict["run"]
    names = {path.name for path in folder.iterdir()}
    assert {"manifest.json", "events.ndjson", "samples.sqlite", "verdict.json", "report.html", "summary.md"} <= names
    assert {"junit.xml", "metrics.txt", "logs"} <= names


@pytest.mark.drill
def test_an_objective_that_is_missed_fails_the_run_and_is_named(shell):
    shell.write("fails.chaos.yaml", shop.experiment(HANG, expect='shop: {availability: ">= 90%", phases: [gone]}'))
    answer = shell.run("fails.chaos.yaml")
    if "were sent more than 10 ms late" in answer.reasons:  # the machine was busy with another lane: no verdict then
        answer = shell.run("fails.chaos.yaml")
    assert answer.code == 1 and answer.verdict["verdict"] == "failed"
    assert "shop availability" in answer.reasons


def test_a_key_that_is_overridden_is_used(shell):
    answer = shell("plan", "shop.chaos.yaml", "--set", "load.rate=55/s", "--json")
    assert answer.code == 0 and json.loads(answer.out)["load"]["rates"][0]["per_s"] == 55


# -- faults that did nothing


def test_a_latency_of_nothing_and_a_fault_without_traffic_are_caught_and_named(shell):
    faults = '{id: nothing, on: "web->orders", slow: 0ms}, {id: unused, on: "orders->web", hang: true}'
    shell.write("noop.chaos.yaml", shop.experiment(faults))
    answer = shell.run("noop.chaos.yaml")
    assert answer.code == 3, answer.reasons + answer.err
    for name in ("nothing", "unused"):
        assert not answer.injection(name)["effect"]["proved"] and name in answer.reasons


def test_a_fault_removed_behind_our_back_is_caught(shell, known):
    process, _folder = started(shell, known)
    time.sleep(1.0)
    border = _border(shell, "east")
    rules = subprocess.run(
        ["docker", "exec", border, "nft", "-j", "list", "tables"], capture_output=True, text=True, check=True
    )
    tables = [t["table"] for t in json.loads(rules.stdout)["nftables"] if "table" in t]
    ours = next(t for t in tables if "regionfall" in t["name"] or t["name"].startswith("rf"))
    subprocess.run(["docker", "exec", border, "nft", "flush", "set", ours["family"], ours["name"], "hung"], check=True)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    verdict = json.loads(out)
    assert any("cut" in reason for reason in verdict["reasons"]), verdict["reasons"]


@pytest.mark.drill
def test_a_lease_lost_while_the_controller_was_stopped_is_caught(shell, known):
    process, _folder = started(shell, known)
    process.send_signal(signal.SIGSTOP)
    time.sleep(4.5)
    assert shop.status_of(shell.url) == 200, "the fault must end by itself while nobody renews it"
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert any("cut" in reason for reason in json.loads(out)["reasons"])


# -- nothing is left, whatever died


def test_a_killed_controller_leaves_no_fault(shell, known):
    process, folder = started(shell, known)
    shop.wait_for(lambda: shop.status_of(shell.url) != 200, 10)
    process.kill()
    killed = time.monotonic()
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 10, every=0.02)
    healed = time.monotonic() - killed
    process.communicate(timeout=30)
    status = json.loads(shell("status", "--json").out)
    assert status["injections"] == [] and healed < 10
    judged = shell("report", folder.name, "--judge", "--json")
    verdict = json.loads(judged.out)
    assert verdict["status"] in ("aborted", "errored") and verdict["verdict"] in (None, "inconclusive")


@pytest.mark.drill
def test_cuts_end_by_their_kernel_timeout_when_the_agent_itself_is_frozen(shell, known):
    process, _folder = started(shell, known)
    shop.wait_for(lambda: shop.status_of(shell.url) != 200, 10)
    border = _border(shell, "east")
    pid = subprocess.run(
        ["docker", "inspect", "-f", "{{.State.Pid}}", border], capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run(["kill", "-STOP", pid], check=True)
    try:
        process.kill()
        shop.wait_for(lambda: shop.status_of(shell.url) == 200, 8)
    finally:
        subprocess.run(["kill", "-CONT", pid], check=True)
    process.communicate(timeout=30)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), pytest.param(signal.SIGINT, 130, marks=pytest.mark.drill)]
)
def test_a_stopped_run_heals_keeps_the_stack_that_was_up_and_says_so_in_its_code(shell, known, number, code):
    process, folder = started(shell, known)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    verdict = json.loads(out)
    assert (verdict["status"], verdict["cleanup"]) == ("aborted", "verified")
    assert shop.status_of(shell.url) == 200
    assert (folder / "report.html").exists()


def test_heal_on_a_live_run_lifts_its_faults_and_the_run_goes_on_and_a_second_one_is_refused(shell, known):
    process, folder = started(shell, known)
    live = json.loads(shell("status", "--json").out)
    assert [(i["id"], i["run"]) for i in live["injections"]] == [("cut", folder.name)]
    assert {"run": folder.name, "alive": True} in live["runs"]
    healed = shell("heal")
    assert healed.code == 0, healed.err
    second = shell("run", "shop.chaos.yaml")
    assert second.code == 4 and folder.name in second.err
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 10)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    verdict = json.loads(out)
    assert verdict["status"] == "completed" and any("healed by hand" in reason for reason in verdict["reasons"])


# -- a replay's control arm


def test_without_faults_no_effect_is_observed_and_invariants_hold(shell):
    signature = """\
signature:
  - {point: 1, role: effect, tag: scripted, flow: shop, availability: "<= 10%", phases: [gone],
     needs: [cut], source: here}
  - {point: 2, role: invariant, tag: emergent, flow: shop, availability: ">= 90%", phases: [after], source: here}
"""
    shell.write("arm.chaos.yaml", shop.experiment(HANG, extra=signature))
    answer = shell.run("arm.chaos.yaml", "--no-faults")
    assert answer.code == 3 and "control arm" in answer.reasons
    by_role = {f["role"]: f["verdict"] for f in answer.verdict["findings"] if f["kind"] == "signature"}
    assert by_role == {"effect": "failed", "invariant": "passed"}
    assert answer.verdict["fidelity"] == {"observed": 1, "total": 2}


def _border(shell, region: str) -> str:
    """Name of the running proxy container of a region of this folder's stack."""
    home = shell.directory / ".regionfall"
    found = subprocess.run(
        ["docker", "ps", "--filter", f"label=regionfall.home={home}", "--filter", f"label=regionfall.region={region}",
         "--filter", "label=regionfall.part=border", "--format", "{{.Names}}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert len(found) == 1, found
    assert re.match(r"[\w.-]+$", found[0])
    return found[0]


# -- a control connection that moves, and a server that freezes

SLOW_CANARY = """
import json, urllib.request
for port in range(18000, 18040):
    try:
        proxies = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/proxies", timeout=2))
    except OSError:
        continue
    if "canary" in proxies:
        toxic = {"name": "x", "type": "latency", "stream": "upstream", "attributes": {"latency": 120}}
        request = urllib.request.Request(f"http://127.0.0.1:{port}/proxies/canary/toxics", json.dumps(toxic).encode())
        print(urllib.request.urlopen(request, timeout=2).status)
"""


@pytest.mark.drill
def test_a_canary_outside_that_is_slowed_from_elsewhere_makes_the_run_inconclusive(shell, known):
    process, _folder = started(shell, known)
    done = subprocess.run(
        ["docker", "exec", _border(shell, "west"), "python3", "-c", SLOW_CANARY],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "200"
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    verdict = json.loads(out)
    (cut,) = verdict["injections"]
    assert not cut["contained"]["proved"] and any("cut" in reason for reason in verdict["reasons"])
    restart = subprocess.run(["docker", "restart", "-t", "1", _border(shell, "west")], capture_output=True, check=False)
    assert restart.returncode == 0
    shop.wait_for(lambda: shop.status_of(shell.url) == 200, 30)
