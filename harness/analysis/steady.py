"""The steady-state hypothesis: was the stack well before anything was broken?"""

from __future__ import annotations

from harness.analysis.answers.decide import Decision
from harness.analysis.answers.values import value_text
from harness.analysis.data.run import RunData
from harness.analysis.metrics import METRICS
from harness.analysis.metrics.base import Measured, Question
from harness.analysis.stats.advice import holds
from harness.model.finding import Answer, Finding, FindingKind
from harness.model.objective import Objective
from harness.model.plan import STEADY
from harness.model.record import Record


def baseline_broken(record: Record) -> str:
    """Why the hypothesis does not hold on the data so far, '' if it does. Asked while the run goes on, before t=0."""
    return "; ".join(
        finding.reason.removeprefix(f"{NOT_MET}: ")
        for finding in steady_findings(RunData(record))
        if finding.verdict is not Answer.PASSED
    )


def steady_findings(run: RunData) -> list[Finding]:
    """One guard per line of `steady.expect`.

    The value itself decides here, not its interval: the baseline is there to be sane, and a strict 99.5 % would
    take 600 requests of every flow before anything may begin.
    """
    if STEADY not in run.windows:
        return []
    return [_finding(run, objective) for objective in run.plan.steady]


def _finding(run: RunData, objective: Objective) -> Finding:
    question = Question(objective.subject, (run.windows[STEADY],), objective.after, f"steady {objective.metric}")
    measured = METRICS[objective.metric].measure(run, question)
    decision = _decide(objective, measured)
    return Finding(
        name=f"{objective.subject} {objective.metric} {objective.limit.text} in steady",
        kind=FindingKind.GUARD,
        verdict=decision.answer,
        reason=decision.reason,
        flow=objective.subject if objective.subject in run.flow_of else "",
        edge="" if objective.subject in run.flow_of or objective.subject in run.probe_of else objective.subject,
        probe=objective.subject if objective.subject in run.probe_of else "",
        phase=STEADY,
        phases=(STEADY,),
        metric=objective.metric,
        observed=measured.observed,
        interval=(measured.interval.low, measured.interval.high) if measured.interval else None,
        limit=objective.limit.text,
        n=measured.n,
        line=objective.line,
    )


def _decide(objective: Objective, measured: Measured) -> Decision:
    if measured.interval is None:
        return Decision(Answer.INCONCLUSIVE, f"{NOT_MET}: {objective.subject} {objective.metric}: {measured.reason}")
    value = measured.interval.low if measured.observed is None else measured.observed
    if holds(objective.limit, value):
        return Decision(Answer.PASSED)
    shown = measured.advice or measured.reason if measured.observed is None else value_text(objective.metric, value)
    told = f"{objective.subject} {objective.metric} {shown} against {objective.limit.text}"
    return Decision(Answer.INCONCLUSIVE, f"{NOT_MET}: {told}")


NOT_MET = "steady state not met"
