"""One answer for a pipeline: policy, runs of several jobs, baseline, and what pipelines read of it."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any
from xml.dom import minidom

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import example

from harness.analysis.wire import verdict_to_json
from harness.gate import outputs
from harness.gate.baseline import Baseline, compared, read_baseline
from harness.gate.decide import GateAnswer, decide
from harness.gate.policy import Policy, Quarantined, read_policy
from harness.gate.read import read_run
from harness.gate.run import Run
from harness.journal.manifest import Manifest, write_manifest
from harness.model.errors import InvalidFile, UsageError

TODAY = date(2026, 11, 27)
CODE = {"passed": 0, "failed": 1, "inconclusive": 3}


def objective(name: str = "web p99 < 1s", verdict: str = "passed", **more: Any) -> dict[str, Any]:
    fields = {"kind": "objective", "metric": "p99", "observed": 0.5, "interval": [0.4, 0.6], "line": 7, "reason": ""}
    return {"name": name, "verdict": verdict} | fields | more


def run(experiment: str, code: int, *objectives: dict[str, Any], file: str = "x.chaos.yaml", n: int = 1) -> Run:
    """A run folder as the gate reads it."""
    verdict = {
        "run": f"{experiment}-{n}", "experiment": experiment, "exit_code": code, "findings": list(objectives),
        "environment": {"image of web": "sha256:1", "cores": "2"}, "reasons": [f"why {code}"] if code else [],
    }  # fmt: skip
    return Run(f"runs/{experiment}-{n}", verdict, file)


def gate(*runs: Run, policy: Policy = Policy(), baseline: Baseline | None = None) -> GateAnswer:  # noqa: B008
    return decide(runs, policy, TODAY, baseline)


# -- across runs


@pytest.mark.parametrize(
    ("codes", "answer"),
    [((0, 0), 0), ((0, 1), 1), ((3, 1), 1), ((4, 3), 4), ((1, 4), 1), ((0, 3), 3), ((7, 70, 1), 7), ((70, 130), 70),
     ((130, 143), 130), ((143, 1), 143)],
)  # fmt: skip
def test_the_strongest_code_of_all_experiments_is_the_gates(codes: tuple[int, ...], answer: int) -> None:
    assert gate(*(run(f"e{n}", code) for n, code in enumerate(codes))).exit == answer


def test_no_run_or_fewer_than_the_policy_names_is_incomplete() -> None:
    assert gate().exit == 5
    few = gate(run("a", 0), run("a", 0, n=2), policy=Policy(runs=2))
    assert (few.exit, few.verdict) == (5, "incomplete")
    assert gate(run("a", 0), run("b", 0), policy=Policy(runs=2)).exit == 0
    assert gate(run("a", 1), policy=Policy(runs=2)).exit == 5, "5 outranks 1"


def test_a_second_try_decides_what_was_open_but_never_takes_a_failure_back() -> None:
    assert gate(run("a", 3), run("a", 0, n=2)).exit == 0
    assert gate(run("a", 4), run("a", 0, n=2)).exit == 0
    assert gate(run("a", 3), run("a", 3, n=2)).exit == 3
    assert gate(run("a", 1), run("a", 0, n=2)).exit == 1
    assert gate(run("a", 0), run("a", 1, n=2)).exit == 1
    assert gate(run("a", 7), run("a", 0, n=2)).exit == 7


def test_so_many_inconclusive_experiments_are_allowed_and_no_more() -> None:
    policy = Policy(allow_inconclusive=1)
    one = gate(run("a", 3), run("b", 0), policy=policy)
    assert one.exit == 0
    assert any("a: exit 3 does not count" in notice for notice in one.notices)
    assert gate(run("a", 3), run("b", 3), policy=policy).exit == 3
    assert gate(run("a", 1), policy=policy).exit == 1


def test_what_fail_on_does_not_name_is_reported_and_does_not_count() -> None:
    policy = Policy(fail_on=("failed",))
    assert gate(run("a", 3), run("b", 4), policy=policy).exit == 0
    assert gate(run("a", 1), policy=policy).exit == 1
    assert gate(run("a", 7), policy=policy).exit == 7, "a fault that may still hold is never excused"


# -- quarantine


def quarantined(until: date, objective: str = "") -> Policy:
    return Policy(quarantine=(Quarantined("a", "team", until, objective),))


def test_a_quarantined_failure_does_not_count_until_its_day_has_passed() -> None:
    failed = run("a", 1, objective(verdict="failed"))
    assert gate(failed, policy=quarantined(TODAY)).exit == 0
    late = gate(failed, policy=quarantined(date(2026, 11, 26)))
    assert late.exit == 1
    assert any("ended on 2026-11-26 (team)" in notice for notice in late.notices)


def test_a_quarantine_of_one_objective_excuses_no_other() -> None:
    policy = quarantined(TODAY, "web p99 < 1s")
    assert gate(run("a", 1, objective(verdict="failed")), policy=policy).exit == 0
    both = run("a", 1, objective(verdict="failed"), objective("web availability >= 99%", "failed"))
    assert gate(both, policy=policy).exit == 1
    assert gate(run("b", 1, objective(verdict="failed")), policy=policy).exit == 1


def test_a_quarantine_excuses_neither_guards_nor_the_environment() -> None:
    for code in (3, 4, 7, 70):
        assert gate(run("a", code, objective(verdict="failed")), policy=quarantined(TODAY)).exit == code


# -- baseline


@pytest.mark.parametrize(
    ("metric", "interval", "margin", "verdict"),
    [
        ("p99", (0.4, 0.54), 0.10, "passed"), ("p99", (0.56, 0.7), 0.10, "failed"),
        ("p99", (0.4, 0.7), 0.10, "inconclusive"), ("availability", (0.495, 0.51), 0.01, "passed"),
        ("availability", (0.40, 0.45), 0.01, "failed"), ("availability", (0.40, 0.55), 0.01, "inconclusive"),
    ],
)  # fmt: skip
def test_worse_than_the_baseline_is_decided_by_the_whole_interval(
    metric: str, interval: tuple[float, float], margin: float, verdict: str
) -> None:
    one = objective("x", metric=metric, interval=list(interval))
    assert compared({"x": 0.5}, one, margin).verdict == verdict


def test_a_baseline_holds_for_the_same_images_on_the_same_machine_only(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    kept = read_baseline(path)
    kept.learn([run("a", 0, objective()).verdict, run("b", 1, objective()).verdict])
    kept.write(path)
    known = read_baseline(path)
    policy = Policy(margins=(("p99", 0.1),))
    worse = run("a", 0, objective(observed=0.9, interval=[0.8, 1.0]))
    assert gate(worse, policy=policy, baseline=known).exit == 1
    assert gate(worse, policy=policy).exit == 0
    worse.verdict["environment"] = {"image of web": "sha256:2", "cores": "2"}
    other = gate(worse, policy=policy, baseline=known)
    assert other.exit == 0
    assert any("no baseline yet" in notice for notice in other.notices)
    assert known.of(run("b", 0).verdict) == {}, "what failed is no baseline"


def test_a_damaged_baseline_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    for text in ("", "{}", "[]", '{"schema": 9, "known": {}}', '{"schema": 1, "known": 3}'):
        path.write_text(text)
        with pytest.raises(UsageError, match="remove it"):
            read_baseline(path)


# -- the policy file


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(
        "version: 1\nfail_on: [failed, environment]\nallow_inconclusive: 1\nruns: 4\nretries: 2\n"
        "margins: {p99: 20%, availability: 1%}\n"
        "quarantine:\n  - {experiment: a, objective: web p99 < 1s, owner: team, until: 2026-12-31, reason: JIRA-1}\n"
    )
    assert read_policy(path) == Policy(
        ("failed", "environment"), 1, 4, 2, (("p99", 0.2), ("availability", 0.01)),
        (Quarantined("a", "team", date(2026, 12, 31), "web p99 < 1s", "JIRA-1"),),
    )  # fmt: skip


def test_everything_that_is_wrong_with_a_policy_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(
        "version: 2\nfail_on: [faild]\nruns: -1\nretrys: 3\nmargins:\n  p99: 20\n"
        "quarantine:\n  - {experiment: a, owner: me}\n  - {experiment: b, owner: me, until: soon}\n"
    )
    with pytest.raises(InvalidFile) as caught:
        read_policy(path)
    told = [(p.line, p.message) for p in caught.value.problems]
    assert [line for line, _ in told] == [1, 2, 3, 4, 6, 8, 9]
    assert "failed" in told[1][1] and "retries" in told[3][1] and "until" in told[5][1]


@pytest.mark.parametrize("text", ["", "- a", "version: [", "version: 1\nmargins: 3", "version: 1\nquarantine: {a: b}"])
def test_garbage_is_no_policy(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gate.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFile):
        read_policy(path)


# -- what pipelines read

MIXED = (
    run("good", 0, objective()), run("bad", 1, objective(), objective("web availability >= 99%", "failed")),
    run("open", 3, objective(verdict="inconclusive")), run("broken", 4), run("excused", 1, objective(verdict="failed")),
)  # fmt: skip
POLICY = Policy(quarantine=(Quarantined("excused", "team", TODAY),))


def test_junit_of_a_mixed_gate_reads_the_same_in_two_parsers_and_agrees_with_the_exit_code() -> None:
    answer = gate(*MIXED, policy=POLICY)
    text = outputs.junit(answer)
    root, other = ET.fromstring(text), minidom.parseString(text)
    for tag, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped"), ("testcase", "tests")):
        count = len(root.findall(f".//{tag}"))
        assert count == len(other.getElementsByTagName(tag)) == int(root.get(total, ""))
        assert count == sum(int(suite.get(total, "")) for suite in root)
    assert (root.get("failures"), root.get("errors")) == ("1", "2")
    assert answer.exit == 1


@pytest.mark.parametrize("code", [0, 1, 3, 4, 7, 70, 130, 143])
def test_junit_is_red_exactly_when_the_gate_is(code: int) -> None:
    for runs, policy in (((run("a", code),), Policy()), ((run("a", code),), Policy(runs=2))):
        answer = gate(*runs, policy=policy)
        root = ET.fromstring(outputs.junit(answer))
        red = bool(root.findall(".//failure") or root.findall(".//error"))
        assert red == (answer.exit != 0)


def test_annotations_stand_on_the_line_of_the_objective_escaped_and_capped() -> None:
    nasty = objective("web: a,b\n100%", "failed", reason="50% gone\r\n::error::x")
    lines = outputs.annotated(gate(run("a:b", 1, nasty, file="dir,1/x.chaos.yaml")))
    assert lines[0].startswith("::error file=dir%2C1/x.chaos.yaml,line=7,title=a%3Ab%3A failed::web: a,b%0A100%25")
    assert all("\n" not in line and "\r" not in line for line in lines)
    many = gate(run("a", 1, *(objective(f"o{n}", "failed") for n in range(25))))
    assert len([line for line in outputs.annotated(many) if line.startswith("::error")]) == outputs.MOST_ANNOTATIONS


def test_the_summary_is_cut_at_its_limit_and_says_so() -> None:
    answer = gate(*(run(f"e{n}", 1, objective("o" * 200, "failed")) for n in range(400)))
    text = outputs.markdown(answer, 20_000)
    assert len(text.encode()) <= 20_000 and "cut off" in text
    assert "a\\|b &lt;x>" in outputs.markdown(gate(run("a|b <x>", 1)))


def test_metrics_and_step_outputs_tell_the_exit_code() -> None:
    answer = gate(*MIXED, policy=POLICY)
    assert "regionfall_gate_exit 1\n" in outputs.metrics(answer) and outputs.metrics(answer).endswith("# EOF\n")
    assert 'regionfall_objective{experiment="good",objective="web p99 < 1s"} 0.5' in outputs.metrics(answer)
    assert re.fullmatch(r"exit=1\nverdict=failed\nexperiments=5\nfailed=3\n", outputs.step_outputs(answer))


def test_the_json_answer_has_the_published_shape() -> None:
    body = json.loads(json.dumps(gate(*MIXED, policy=POLICY).to_json()))
    assert body["exit"] == 1 and body["verdict"] == "failed" and len(body["runs"]) == 5
    keys = {"experiment", "name", "verdict", "baseline", "observed", "margin", "quarantined", "compared"}
    assert all(one.keys() == keys for one in body["objectives"])


# -- run folders


@pytest.mark.parametrize("kind", ["passed", "failed", "inconclusive"])
def test_a_real_run_folder_is_read_with_its_file_and_its_lines(tmp_path: Path, kind: str) -> None:
    record, verdict = example(kind)
    write_manifest(tmp_path, Manifest(record.run, record.plan, {}))
    (tmp_path / "verdict.json").write_text(json.dumps(verdict_to_json(verdict, record)))
    answer = gate(read_run(tmp_path))
    assert answer.exit == CODE[kind]
    asked = [one for one in verdict.findings if str(one.kind) == "objective"]
    assert [one.name for one in answer.objectives] == [one.name for one in asked]


def test_a_folder_that_is_no_run_is_a_usage_error(tmp_path: Path) -> None:
    for text in ("{", "[]", "{}", "null"):
        (tmp_path / "verdict.json").write_text(text)
        with pytest.raises(UsageError):
            read_run(tmp_path)
