"""Everything together: precedence, exit code and headline (surface.md §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.answers.guards import run_status
from harness.analysis.answers.signature import observed, points
from harness.analysis.answers.values import value_text
from harness.analysis.data.events import number
from harness.analysis.data.run import RunData
from harness.analysis.stories.story import DOWN, SURVIVED, UNAFFECTED
from harness.model.exit_codes import PRECEDENCE
from harness.model.finding import Answer, DependentStory, Finding, FindingKind

VERIFIED, UNVERIFIED = "verified", "unverified"
DEPENDENT = "dependent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict with all its reasons, the deciding one first."""

    answer: Answer
    reasons: tuple[str, ...]


def decide_run(findings: Sequence[Finding], cleanup: str) -> Outcome:
    """Clean-up > existential > guard > failed objective > missing point > inconclusive objective > passed."""
    objectives = [one for one in findings if one.kind is FindingKind.OBJECTIVE]
    signature = [one for one in findings if one.kind is FindingKind.SIGNATURE]
    failed = [one for one in objectives if one.verdict is Answer.FAILED]
    missing = [_missing(point, checks) for point, checks in points(signature).items() if not observed(checks)]
    unasked = [] if objectives or signature else ["nothing was asked: give the experiment an `expect`"]
    ranked: list[tuple[Answer, list[str]]] = [
        (Answer.INCONCLUSIVE, [_CLEANUP] if cleanup != VERIFIED else []),
        (Answer.FAILED, [_told(one) for one in failed if one.existential]),
        (Answer.INCONCLUSIVE, guard_reasons(findings)),
        (Answer.FAILED, [_told(one) for one in failed if not one.existential]),
        (Answer.INCONCLUSIVE, missing),
        (Answer.INCONCLUSIVE, [_told(one) for one in objectives if one.verdict is Answer.INCONCLUSIVE]),
        (Answer.INCONCLUSIVE, unasked),
    ]
    reasons = tuple(dict.fromkeys(reason for _, group in ranked for reason in group))
    answer = next((answer for answer, group in ranked if group), Answer.PASSED)
    return Outcome(answer, reasons)


_CLEANUP = "clean-up unverified: a fault may still hold; `regionfall heal --all` undoes and checks it"


def stop_findings(run: RunData) -> list[Finding]:
    """Stop conditions whose verdict is failed stand as failed objectives."""
    return [
        Finding(str(event.get("text") or "stop condition"), FindingKind.OBJECTIVE, Answer.FAILED, "stop condition met")
        for event in run.events.named("stop_condition")
        if event.get("verdict") == "failed"
    ]


def cleanup_of(run: RunData) -> str:
    """verified | unverified. A run that never asked for a fault has nothing to clean up."""
    closed = run.events.last("run_closed").get("cleanup")
    if closed is not None:
        return str(closed)
    return UNVERIFIED if any(hold.began for hold in run.holds) else VERIFIED


def exit_code(run: RunData, answer: Answer, cleanup: str) -> int:
    """The strongest of clean-up, status and verdict."""
    codes = [{Answer.PASSED: 0, Answer.FAILED: 1, Answer.INCONCLUSIVE: 3}[answer]]
    if cleanup != VERIFIED:
        codes.append(7)
    status = run_status(run)
    if status == "aborted":
        codes.append(_signal_code(run))
    if status == "errored":
        codes.append(_error_code(run))
    return min(codes, key=lambda code: PRECEDENCE.index(code) if code in PRECEDENCE else len(PRECEDENCE))


def _signal_code(run: RunData) -> int:
    signal = number(run.events.last("run_closed").get("signal")) or 0
    code = number(run.events.last("run_failed").get("code")) or 0
    return 143 if signal in (1, 15) or code == 143 else 130  # 1: its terminal was closed


def _error_code(run: RunData) -> int:
    if any(True for _ in run.events.named("crash")):
        return 70
    code = number(run.events.last("run_failed").get("code"))
    if code is not None and int(code) in PRECEDENCE:
        return int(code)
    return 4


def headline(run: RunData, answer: Answer, findings: Sequence[Finding], told: Sequence[DependentStory]) -> str:
    """One line: fidelity and dependents for a replay, objectives for anything else."""
    word = str(answer).upper()
    by_point = points([one for one in findings if one.kind is FindingKind.SIGNATURE])
    if by_point:
        seen = sum(observed(checks) for checks in by_point.values())
        replay = "Replay faithful" if seen == len(by_point) else "Replay"
        return " · ".join([f"{replay} {seen}/{len(by_point)}", *_census(run, told), word])
    objectives = [one for one in findings if one.kind is FindingKind.OBJECTIVE]
    good = sum(one.verdict is Answer.PASSED for one in objectives)
    return " · ".join([f"{good} of {len(objectives)} objectives hold", *_census(run, told), word])


def _census(run: RunData, told: Sequence[DependentStory]) -> list[str]:
    """Dependents by what became of them; every flow where no service carries the role."""
    roles = {service.name: service.role for service in run.stack.services}
    named = [one for one in told if roles.get(one.service) == DEPENDENT] or list(told)
    well = sum(one.status in (SURVIVED, UNAFFECTED) for one in named)
    down = sum(one.status == DOWN for one in named)
    counts = (("survived", well), ("degraded", len(named) - well - down), ("down", down))
    return [f"{word} {count}" for word, count in counts if count]


def guard_reasons(findings: Sequence[Finding]) -> list[str]:
    """Why nothing that was measured may be believed; none: it may."""
    return [one.reason for one in findings if _guards(one)]


def _guards(one: Finding) -> bool:
    return one.kind is FindingKind.GUARD and one.verdict is not Answer.PASSED


def _told(one: Finding) -> str:
    shown = "" if one.observed is None else f": observed {value_text(one.metric, one.observed)}"
    if one.incident:
        shown = f": {one.incident}"
    return f"{one.name}{shown}" + (f" ({one.reason})" if one.reason else "")


def _missing(point: int, checks: Sequence[Finding]) -> str:
    missing = [check for check in checks if check.verdict is not Answer.PASSED]
    return f"signature point {point} not observed: " + "; ".join(_told(check) for check in missing[:3])
