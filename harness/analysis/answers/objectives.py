"""Objectives: did those who should survive survive?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.answers.decide import Decision, decide, decide_existential
from harness.analysis.answers.subject import Asked, asked, cut_short, finding, measure, per_second, undisturbed
from harness.analysis.data.disturbance import Disturbance
from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import Measured
from harness.model.finding import Answer, Finding, FindingKind
from harness.model.objective import Limit, Objective
from harness.model.plan import STEADY


def objective_findings(run: RunData, disturbed: Sequence[Disturbance], late: str) -> list[Finding]:
    """One finding each. `late` says why the generator bars a FAILED, '' if it does not."""
    return [_finding(run, objective, disturbed, late) for objective in run.plan.objectives]


def _finding(run: RunData, objective: Objective, disturbed: Sequence[Disturbance], late: str) -> Finding:
    question = asked(run, objective.subject, objective.metric, objective.phases, objective.after)
    limit = _effective(run, objective)
    measured = measure(run, question)
    decision = _decided(run, objective, limit, question, measured)
    if decision.answer is Answer.FAILED:
        decision = undisturbed(
            run, question, decision, lambda again: _decided(run, objective, limit, question, again), disturbed
        )
    if decision.answer is Answer.FAILED and late:
        decision = Decision(Answer.INCONCLUSIVE, f"missed, but {late}: the load generator, not the service, may be why")
    cut = cut_short(run, question)
    if decision.answer is not Answer.FAILED and cut:
        decision = Decision(Answer.INCONCLUSIVE, f"{cut}: let the run reach its end")
    return replace(
        finding(run, question, FindingKind.OBJECTIVE, objective.limit, measured),
        verdict=decision.answer,
        reason=decision.reason,
        existential=objective.existential,
        line=objective.line,
    )


def _decided(run: RunData, objective: Objective, limit: Limit, question: Asked, measured: Measured) -> Decision:
    if objective.existential and objective.subject not in run.probe_of:  # a probe's share is exact: one answer decides
        return decide_existential(limit, measured)
    rate, seconds = per_second(run, question)
    return decide(limit, measured, rate_per_s=rate, seconds=seconds)


def _effective(run: RunData, objective: Objective) -> Limit:
    """`slack` on an availability means 'or the baseline's minus this, if that is lower' (the default objective)."""
    limit = objective.limit
    if objective.metric != "availability" or limit.slack is None or limit.low is None or STEADY not in run.windows:
        return limit
    base = measure(run, asked(run, objective.subject, objective.metric, (STEADY,)))
    if base.observed is None:
        return limit
    return replace(limit, low=min(limit.low, max(0.0, base.observed - limit.slack)), slack=None)
