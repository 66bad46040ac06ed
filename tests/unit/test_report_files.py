"""summary.md, junit.xml and metrics.txt: for merge requests, test viewers and dashboards."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import KINDS, example, facts

from harness.report.facts import build_facts
from harness.report.junit import render_junit
from harness.report.markdown import LIMIT_BYTES, render_markdown
from harness.report.openmetrics import render_metrics


def _junit(kind: str) -> ElementTree.Element:
    suite = ElementTree.fromstring(render_junit(facts(kind))).find("testsuite")
    assert suite is not None
    return suite


@pytest.mark.parametrize("kind", KINDS)
def test_junit_has_a_failure_or_an_error_exactly_when_the_exit_code_is_not_zero(kind: str) -> None:
    suite, code = _junit(kind), example(kind)[1].exit_code
    failures, errors = int(suite.get("failures", "0")), int(suite.get("errors", "0"))
    assert (failures + errors > 0) == (code != 0)
    assert (failures > 0) == (code == 1)


@pytest.mark.parametrize("kind", KINDS)
def test_junit_counts_what_it_holds_under_unique_names(kind: str) -> None:
    suite = _junit(kind)
    names = [case.get("name") for case in suite.iter("testcase")]
    assert len(names) == len(set(names)) == int(suite.get("tests", "0"))
    assert len(list(suite.iter("error"))) == int(suite.get("errors", "0"))


def test_junit_has_a_case_for_every_objective_signature_check_fault_and_the_clean_up() -> None:
    names = [case.get("name") or "" for case in _junit("passed").iter("testcase")]
    for start, count in (("objective:", 5), ("signature:", 7), ("fault-took-effect:", 10), ("cleanup-verified", 1)):
        assert sum(name.startswith(start) for name in names) == count


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("failed", {"ResilienceFailed"}),
        ("inconclusive", {"Inconclusive"}),
        ("errored", {"EnvironmentError"}),
        ("unclean", {"CleanupUnverified"}),
        ("aborted", {"Stopped", "Inconclusive"}),
    ],
)
def test_junit_types_tell_a_broken_service_from_a_broken_run(kind: str, types: set[str]) -> None:
    found = {case.get("type") for tag in ("failure", "error") for case in _junit(kind).iter(tag)}
    assert found == types


def test_junit_survives_characters_that_xml_cannot_hold() -> None:
    run, verdict = example("failed")
    findings = (replace(verdict.findings[1], reason="a\x00b\x1b[31m"),)
    text = render_junit(build_facts(run, replace(verdict, findings=findings)))
    failure = ElementTree.fromstring(text).find(".//failure")
    assert failure is not None and failure.get("message") == "a\ufffdb\ufffd[31m"


def test_junit_carries_verdict_seed_and_run_as_properties() -> None:
    values = {item.get("name"): item.get("value") for item in _junit("passed").iter("property")}
    assert values["regionfall.verdict"] == "passed" and values["regionfall.seed"] == "20211207"
    assert values["regionfall.run"] == example("passed")[1].run


@pytest.mark.parametrize("kind", KINDS)
def test_the_summary_begins_with_the_answer_and_ends_with_the_command(kind: str) -> None:
    shown = facts(kind)
    text = render_markdown(shown)
    assert text.startswith(f"## {shown.mark.sign} {shown.mark.word}: ")
    assert text.rstrip().endswith("```") and f"regionfall rerun {shown.record.run}" in text


def test_every_row_of_a_table_in_the_summary_has_as_many_columns_as_its_head() -> None:
    widths = [len(re.findall(r"(?<!\\)\|", line)) for line in render_markdown(facts("inconclusive")).splitlines()]
    for before, after in pairwise(widths):
        assert not (before and after) or before == after


def test_markup_of_guests_takes_no_effect_in_the_summary() -> None:
    text = render_markdown(facts("quick"))
    assert "<img" not in text and "&lt;img src=x onerror=alert(1)&gt;" in text


def test_a_summary_that_grew_too_large_is_cut_at_a_line_and_says_so() -> None:
    run, verdict = example("inconclusive")
    many = tuple(f"reason {number} " + "x" * 400 for number in range(3000))
    text = render_markdown(build_facts(run, replace(verdict, reasons=many)))
    assert len(text.encode()) < LIMIT_BYTES + 200
    assert "report.html" in text.splitlines()[-1]


def test_metrics_are_openmetrics_text_with_a_line_per_flow_and_phase() -> None:
    text = render_metrics(facts("passed"))
    assert text.endswith("# EOF\n")
    flow = r'experiment="aws-us-east-1-2021-12-07",flow="newswire",phase="dns-moved"'
    pattern = rf"regionfall_availability_ratio\{{{flow}\}} 0\.0\d+"
    assert re.search(pattern, text)
    assert 'regionfall_verdict{experiment="aws-us-east-1-2021-12-07",verdict="passed"} 1\n' in text
    for line in text.splitlines():
        assert line.startswith("#") or re.fullmatch(r"regionfall_\w+\{[^}]*\} -?[0-9.e+-]+", line)


def test_a_p95_beyond_the_deadline_is_left_out_of_the_metrics() -> None:
    text = render_metrics(facts("passed"))
    assert 'p95_seconds{experiment="aws-us-east-1-2021-12-07",flow="static-east",phase="blind"}' in text
    assert 'p95_seconds{experiment="aws-us-east-1-2021-12-07",flow="newswire",phase="blind"}' not in text


def test_metrics_of_a_run_without_samples_are_still_complete() -> None:
    text = render_metrics(facts("errored"))
    assert "regionfall_exit_code" in text and "availability" not in text


def test_a_condition_that_is_no_objective_says_its_name_once_a_row() -> None:
    lines = render_markdown(facts("inconclusive")).splitlines()
    row, reason = (line for line in lines if "injection status-page" in line and line.startswith(("| ", "* **")))
    assert "injection status-page: needed for any answer" in row
    assert reason.count("injection status-page") == 1
