"""The signature: was it the outage that it claims to be? A point is observed if all its checks are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from harness.analysis.answers.decide import Decision, decide_tolerance
from harness.analysis.answers.subject import Asked, asked, cut_short, finding, measure, per_second, undisturbed
from harness.analysis.data.disturbance import Disturbance
from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import Measured
from harness.analysis.metrics.recovery_time import NEVER_DEGRADED, moment_text, recovered
from harness.analysis.recovery.turn import Turn
from harness.model.finding import Answer, Finding, FindingKind
from harness.model.objective import Limit, Role, SignatureCheck

CONTROL_ARM = "control arm"


def signature_findings(run: RunData, disturbed: Sequence[Disturbance], proved: Collection[str]) -> list[Finding]:
    """One finding per check, PASSED = observed. `proved` are the ids of injections proved by effect."""
    return [_finding(run, check, disturbed, proved) for check in run.plan.signature]


def points(findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """Checks by point, in order."""
    by: dict[int, list[Finding]] = {}
    for one in findings:
        by.setdefault(one.point or 0, []).append(one)
    return dict(sorted(by.items()))


def observed(checks: Sequence[Finding]) -> bool:
    """Whether a point is observed."""
    return bool(checks) and all(check.verdict is Answer.PASSED for check in checks)


def _finding(run: RunData, check: SignatureCheck, disturbed: Sequence[Disturbance], proved: Collection[str]) -> Finding:
    answered = _order(run, check) if check.order else _measured(run, check, disturbed)
    if check.role is Role.EFFECT:
        answered = _gated(run, check, answered, proved)
    return replace(answered, point=check.point, role=str(check.role), tag=str(check.tag), line=check.line)


def _measured(run: RunData, check: SignatureCheck, disturbed: Sequence[Disturbance]) -> Finding:
    limit = check.limit or Limit("")
    question = asked(run, check.subject, check.metric, check.phases, check.after)
    measured = measure(run, question)
    decision = _decided(run, limit, question, measured)
    if decision.answer is Answer.PASSED and check.role is Role.EFFECT:
        decision = undisturbed(run, question, decision, lambda again: _decided(run, limit, question, again), disturbed)
    cut = cut_short(run, question)
    if decision.answer is not Answer.FAILED and cut:
        decision = Decision(Answer.INCONCLUSIVE, f"{cut}: let the run reach its end")
    shown = finding(run, question, FindingKind.SIGNATURE, limit, measured)
    return replace(shown, verdict=decision.answer, reason=decision.reason)


def _decided(run: RunData, limit: Limit, question: Asked, measured: Measured) -> Decision:
    rate, seconds = per_second(run, question)
    decision = decide_tolerance(limit, measured, rate_per_s=rate, seconds=seconds)
    if measured.reason == NEVER_DEGRADED:
        return Decision(Answer.FAILED, NEVER_DEGRADED)
    return decision


def _gated(run: RunData, check: SignatureCheck, answered: Finding, proved: Collection[str]) -> Finding:
    """An effect counts only together with the injections that it is the effect of."""
    hollow = "; its limit also holds without any fault, so this check shows nothing"
    if run.plan.without_faults:
        told = f"{CONTROL_ARM}: no fault was injected" + (hollow if answered.verdict is Answer.PASSED else "")
        return replace(answered, verdict=Answer.FAILED, reason=told)
    planned = {injection.id for injection in run.plan.injections}
    for name in check.needs:
        if name not in planned:
            return replace(answered, verdict=Answer.FAILED, reason=f"needs injection {name}, which is not in this run")
        if name not in proved:
            return replace(
                answered, verdict=Answer.INCONCLUSIVE, reason=f"needs injection {name}, which was not proved by effect"
            )
    return answered


def _order(run: RunData, check: SignatureCheck) -> Finding:
    """Recoveries one after the other, each pair further apart than their resolutions together."""
    turns: list[tuple[str, Turn]] = []
    decision = Decision(Answer.PASSED)
    for flow in check.order:
        found = recovered(run, flow)
        if found.back is None:
            late = "not back in its band for good by the end"
            why = found.reason or (late if found.excursions else NEVER_DEGRADED)
            decision = Decision(Answer.FAILED, f"{flow}: {why}")
            break
        turns.append((flow, found.back))
    if decision.answer is Answer.PASSED:
        decision = _resolved(turns)
    shown = " < ".join(f"{flow} {moment_text(run, turn)}" for flow, turn in turns)
    return Finding(
        name=f"{' < '.join(check.order)} recovered_at in order",
        kind=FindingKind.SIGNATURE,
        verdict=decision.answer,
        reason=decision.reason,
        metric="recovered_at",
        flow=check.order[0],
        limit="in order",
        n=len(turns),
        incident=shown,
    )


def _resolved(turns: Sequence[tuple[str, Turn]]) -> Decision:
    for (first, one), (second, two) in pairwise(turns):
        gap, doubt = two.at_us - one.at_us, one.resolution_us + two.resolution_us
        if gap < -doubt:
            return Decision(Answer.FAILED, f"{second} was back before {first}")
        if gap <= doubt:
            factor = doubt / max(gap, 100_000)
            advice = f"a clock slower by {max(1.1, factor):.1f} times, or as much more rate, would resolve them"
            tie = f"{first} and {second} were back within {doubt / 1e6:.1f} s of each other, which is their resolution"
            return Decision(Answer.INCONCLUSIVE, f"{tie}; {advice}")
    return Decision(Answer.PASSED)
