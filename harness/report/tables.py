"""The page's tables: injections, findings, clock, load and environment, as rows of text."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.finding import Answer, Evidence, Finding, FindingKind, InjectionResult
from harness.model.units import duration_text
from harness.report.facts import Facts
from harness.report.measured import before_words, during_words, measure_words
from harness.report.words import (
    ANSWERS,
    MISSING,
    Mark,
    fault_words,
    interval_words,
    limit_words,
    metric_words,
    observed_words,
    where_words,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A yes, a no or a 'not known', with the words for it."""

    tone: str
    sign: str
    words: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class InjectionRow:
    """What became of one injection."""

    id: str
    fault: str
    target: str
    measure: str
    before: str
    during: str
    proved: Told
    contained: Told
    healed: Told
    spill_over: tuple[str, ...]
    disturbed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One answered question."""

    name: str
    full_name: str
    what: str
    where: str
    limit: str
    observed: str
    interval: str
    n: str
    mark: Mark
    reason: str
    point: str
    tag: str
    role: str


def injection_rows(facts: Facts) -> tuple[InjectionRow, ...]:
    """One row per injection that the judge knows, in its order."""
    return tuple(_injection_row(facts, result) for result in facts.verdict.injections)


def _injection_row(facts: Facts, result: InjectionResult) -> InjectionRow:
    planned = facts.injection(result.id)
    began = result.hold_at_s is not None
    return InjectionRow(
        id=result.id,
        fault=fault_words(planned.fault) if planned else result.fault,
        target=result.target,
        measure=measure_words(result.effect.measure),
        before=before_words(result.effect),
        during=during_words(result.effect),
        proved=_told(result.effect, "it bit", "not proved", began),
        contained=_told(result.contained, _contained(result.contained), "not shown", began),
        healed=_healed(result),
        spill_over=result.spill_over,
        disturbed=result.disturbed,
    )


def _told(evidence: Evidence, yes: str, no: str, began: bool) -> Told:
    if not began:
        return Told("quiet", "–", "never began", evidence.reason)
    if evidence.proved:
        return Told("good", "✓", yes, evidence.reason)
    return Told("doubt", "?", no, evidence.reason)


def _contained(evidence: Evidence) -> str:
    if evidence.before is None or evidence.during is None:
        return "nothing else moved"
    return f"outside {before_words(evidence)} → {during_words(evidence)}"


def _healed(result: InjectionResult) -> Told:
    if result.state == "stuck":
        return Told("error", "!", "may still hold", "run: regionfall heal")
    if result.hold_at_s is None:
        return Told("quiet", "–", "never began")
    held, planned = duration_text(round(result.held_s, 1)), duration_text(round(result.planned_s, 1))
    held = f"held {held}, as planned" if held == planned else f"held {held}, planned {planned}"
    if result.state == "lost":
        return Told("doubt", "?", "stopped early, unasked", held)
    if result.state == "healed":
        return Told("good", "✓", "gone, read back", held)
    return Told("doubt", "?", result.state, held)


def finding_rows(facts: Facts, kind: FindingKind) -> tuple[FindingRow, ...]:
    """Findings of a kind; those that did not pass come first."""
    rows = [_finding_row(finding) for finding in sorted(facts.of(kind), key=_order)]
    return tuple(rows)


def _order(finding: Finding) -> tuple[int, int]:
    rank = {Answer.FAILED: 0, Answer.INCONCLUSIVE: 1, Answer.PASSED: 2}[finding.verdict]
    return (finding.point or 0, 0) if finding.kind is FindingKind.SIGNATURE else (rank, finding.line)


def _finding_row(finding: Finding) -> FindingRow:
    return FindingRow(
        name=finding.flow or finding.edge or finding.probe or finding.name,
        full_name=finding.name,
        what=metric_words(finding.metric) if finding.metric else "needed for any answer",
        where=where_words(finding),
        limit=limit_words(finding.limit),
        observed=observed_words(finding),
        interval=interval_words(finding),
        n=f"{finding.n:,}".replace(",", " ") if finding.n else MISSING,
        mark=_mark(finding),
        reason=finding.reason if finding.verdict is not Answer.PASSED else "",
        point=str(finding.point) if finding.point is not None else "",
        tag=finding.tag,
        role=finding.role,
    )


def _mark(finding: Finding) -> Mark:
    mark = ANSWERS[finding.verdict]
    if finding.kind is not FindingKind.SIGNATURE:
        return Mark(mark.word.lower(), mark.tone, mark.sign, mark.ascii)
    word = {"good": "observed", "bad": "not observed", "doubt": "not decided"}[mark.tone]
    return Mark(word, mark.tone, mark.sign, mark.ascii)


def load_lines(facts: Facts) -> tuple[Told, ...]:
    """Whether the load generator kept its word."""
    load = facts.verdict.load
    if not load.offered:
        return (Told("doubt", "?", "no request was sent"),)
    rows = f"{load.rows:,} of {load.offered:,} intended requests accounted for".replace(",", " ")
    whole = load.rows == load.offered
    share = load.late / load.offered
    return (
        Told("good" if whole else "doubt", "✓" if whole else "?", rows),
        Told(
            "good" if share <= 0.01 else "doubt",
            "✓" if share <= 0.01 else "?",
            f"{load.late} sent more than 10 ms late",
            f"lateness p99 {duration_text(load.lateness_p99_s)}",
        ),
        Told(
            "good" if not load.no_slot else "doubt",
            "✓" if not load.no_slot else "?",
            f"{load.no_slot} found no free sender",
        ),
    )


def clock_rows(facts: Facts) -> tuple[tuple[str, str, str, str, str], ...]:
    """Phase, its window as people read it, wall start and length, pace; '' for a pace of 1."""
    paces = {phase.name: phase.compression for phase in facts.record.plan.phases}
    return tuple(
        (
            window.name,
            f"{facts.clock.label(window.start_s)} – {facts.clock.label(window.end_s)}",
            f"{window.start_s:+.1f} s",
            facts.clock.length(window.end_s - window.start_s) if window.reached else "not reached",
            f"{paces[window.name]:.0f}×" if facts.clock.incident else "",
        )
        for window in facts.windows
    )
