"""The timeline's steps as rows of text: what was done, when, while what held, and whether it worked."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.step import StepResult, StepState
from harness.model.units import duration_text
from harness.report.facts import Facts
from harness.report.tables import Told
from harness.report.words import MISSING


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step. `lines` are the last lines of its output."""

    name: str
    what: str
    when: str
    during: str
    told: Told
    took: str
    lines: tuple[str, ...]


def step_rows(facts: Facts) -> tuple[StepRow, ...]:
    """All steps of the plan in its order."""
    return tuple(_row(facts, step) for step in facts.verdict.steps)


def _row(facts: Facts, step: StepResult) -> StepRow:
    when = MISSING if step.at_s is None else facts.clock.label(step.at_s)
    took = duration_text(round(step.took_s, 2)) if step.took_s else MISSING
    return StepRow(step.name, step.what, when, ", ".join(step.during), _told(step), took, step.lines)


def _told(step: StepResult) -> Told:
    tone, sign = {
        StepState.WORKED: ("good", "✓"),
        StepState.FAILED: ("bad", "✗"),
        StepState.TIMED_OUT: ("bad", "✗"),
    }.get(StepState(step.state), ("quiet", "–"))
    return Told(tone, sign, step.state, step.detail)


def step_line(row: StepRow) -> str:
    """One line: '✗ switch (POST web:8080/admin/failover) failed: HTTP 503, while region held'."""
    held = f", while {row.during} held" if row.during else ""
    detail = f": {row.told.detail}" if row.told.detail else ""
    return f"{row.told.sign} {row.name} ({row.what}) {row.told.words}{detail}{held}"
