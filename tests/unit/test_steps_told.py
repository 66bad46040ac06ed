"""What became of a step is told by verdict, report and terminal, and decides nothing by itself."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cattrs
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from report_endings import example

from harness.analysis.judge import judge
from harness.analysis.wire import verdict_to_json
from harness.model.plan import Plan
from harness.model.record import Record
from harness.model.step import Step, StepKind
from harness.report.facts import build_facts
from harness.report.html.page import render_page
from harness.report.markdown import render_markdown
from harness.report.plain import as_plain

STEP = Step(
    "switch", StepKind.HTTP, 40.0, 10.0, "gone", service="web", port=8080, method="POST", path="/admin/<failover>",
)  # fmt: skip
"""Its path would be markup if anybody let it."""


def recorded(*events: dict[str, Any]) -> Record:
    """The passed example with one step, and these journal lines about it."""
    record, _ = example("passed")
    return replace(record, plan=replace(record.plan, steps=(STEP,)), events=(*record.events, *events))


def at_us(record: Record, wall_s: float) -> int:
    return round(record.zero_us + wall_s * 1e6)


def failed(*, tried: bool = True) -> Record:
    """The step failed while the first injection held; without `tried` the same run in which nobody tried."""
    blank = recorded()
    held = min(blank.plan.injections, key=lambda one: one.start_s)
    at = at_us(blank, held.start_s + 1)
    events = (
        {"event": "injection_holding", "injection": held.id, "at_us": at - 1_000_000},
        {"event": "injection_healed", "injection": held.id, "at_us": at + 9_000_000},
        {"event": "step_started", "step": "switch", "at_us": at},
        {
            "event": "step_ended", "step": "switch", "at_us": at + 300_000, "state": "failed", "detail": "HTTP 503",
            "status": 503, "took_s": 0.3, "lines": ["no primary"],
        },
    )  # fmt: skip
    return recorded(*(events if tried else events[:2]))


def test_a_failed_step_is_told_with_what_held_meanwhile_and_decides_nothing() -> None:
    record = failed()
    verdict = judge(record)
    (step,) = verdict.steps
    held = min(record.plan.injections, key=lambda one: one.start_s)
    assert (step.state, step.status, step.took_s, step.lines) == ("failed", 503, 0.3, ("no primary",))
    assert held.id in step.during and step.at_s == pytest.approx(held.start_s + 1)
    without = judge(failed(tried=False))
    assert (verdict.verdict, verdict.exit_code, verdict.reasons) == (
        without.verdict,
        without.exit_code,
        without.reasons,
    )


def test_what_was_lifted_before_the_step_ended_did_not_hold_during_it() -> None:
    record = failed()
    late = [
        event | {"at_us": event["at_us"] + 60_000_000} if event["event"] == "step_ended" else event
        for event in map(dict, record.events)
    ]
    (step,) = judge(replace(record, events=tuple(late))).steps
    assert step.state == "failed" and step.during == ()


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((), "not run"),
        (({"event": "step_started", "step": "switch", "at_us": 1},), "cut off"),
        (({"event": "step_ended", "step": "switch", "state": "nonsense", "took_s": "x", "lines": 7},), "failed"),
    ],
)
def test_a_step_without_an_end_is_told_too(events: tuple[dict[str, Any], ...], state: str) -> None:
    assert [step.state for step in judge(recorded(*events)).steps] == [state]


def test_verdict_json_lists_steps() -> None:
    record = failed()
    body = json.loads(json.dumps(verdict_to_json(judge(record), record)))
    (step,) = body["steps"]
    assert step["name"] == "switch" and step["kind"] == "http" and step["what"] == "POST web:8080/admin/<failover>"
    assert (step["state"], step["status"], step["deadline_s"]) == ("failed", 503, 10.0)


def test_every_report_says_what_did_not_work_and_no_markup_takes_effect(tmp_path: Path) -> None:
    record = failed()
    verdict = judge(record)
    facts = build_facts(record, verdict)
    page = render_page(facts, tmp_path, {}, "")
    assert "Did the steps work?" in page and "HTTP 503" in page and "no primary" in page
    assert "<failover>" not in page and "&lt;failover&gt;" in page
    assert "switch" in render_markdown(facts) and "<failover>" not in render_markdown(facts)
    assert "✗ switch (POST web:8080/admin/<failover>) failed: HTTP 503, while" in as_plain(verdict, record)


def test_a_plan_of_an_older_run_has_no_steps_and_reads_well() -> None:
    body = cattrs.unstructure(recorded().plan)
    del body["steps"]
    assert cattrs.structure(body, Plan).steps == ()
