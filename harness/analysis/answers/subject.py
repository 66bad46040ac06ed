"""What objectives and signature checks share: asking a metric over phases, and doubting what our own side disturbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.analysis.answers.decide import Decision
from harness.analysis.data.disturbance import Disturbance, touching
from harness.analysis.data.reach import subject_edges
from harness.analysis.data.run import RunData, Window
from harness.analysis.data.spans import length_s, minus
from harness.analysis.metrics import METRICS
from harness.analysis.metrics.base import Measured, Question, nothing
from harness.model.finding import Answer, Finding, FindingKind
from harness.model.objective import Limit
from harness.model.plan import STEADY

WHOLE_RUN = frozenset({"recovered_at", "recovers_within", "within"})
"""Metrics that look at all that follows, not at the rows of a phase."""
CUT_SHORT = 0.95


@dataclass(frozen=True, slots=True)
class Asked:
    """A subject, a metric and phases, resolved against what really ran."""

    subject: str
    metric: str
    phases: tuple[str, ...]
    windows: tuple[Window, ...]
    missing: tuple[str, ...]
    after: str = ""

    @property
    def question(self) -> Question:
        """As the metric wants it; the key makes random numbers the question's own."""
        key = f"{self.subject} {self.metric} {','.join(self.phases)} {self.after}"
        return Question(self.subject, self.windows, self.after, key)


def asked(run: RunData, subject: str, metric: str, phases: Sequence[str], after: str = "") -> Asked:
    """Resolve phases; without any, all that ran during and after the faults."""
    names = tuple(phases) or run.default_phases or tuple(name for name in run.windows if name != STEADY)
    windows, missing = run.scope(names)
    return Asked(subject, metric, names, tuple(windows), tuple(missing), after)


def measure(run: RunData, question: Asked) -> Measured:
    """The metric over the phases that ran; nothing if none did or the metric is unknown here."""
    metric = METRICS.get(question.metric)
    if metric is None:
        return nothing(f"unknown metric {question.metric!r}")
    if not question.windows and question.metric not in WHOLE_RUN:
        return nothing(f"phase {', '.join(question.missing) or '?'} did not run")
    return metric.measure(run, question.question)


def cut_short(run: RunData, question: Asked) -> str:
    """Why less was measured than planned, '' if nothing is missing."""
    if question.metric in WHOLE_RUN:
        return "the run ended early" if run.wall_s(run.end_us) < CUT_SHORT * run.plan.end_s else ""
    if question.missing:
        return f"phase {', '.join(question.missing)} did not run"
    for phase in run.plan.phases:
        if phase.name in question.phases:
            start, end = run.windows[phase.name]
            if (end - start) / 1e6 < CUT_SHORT * (phase.end_s - phase.start_s):
                return f"phase {phase.name} was cut short"
    return ""


Judgement = Callable[[Measured], Decision]


def undisturbed(
    run: RunData, question: Asked, decision: Decision, judge: Judgement, found: Sequence[Disturbance]
) -> Decision:
    """`decision`, unless it rests on seconds in which our own machinery was disturbed on the subject's edges."""
    windows = question.windows if question.metric not in WHOLE_RUN else ((run.first_fault_us, run.end_us),)
    edges = subject_edges(run.plan, question.subject, run.flow_of)
    hits = touching(found, edges, windows)
    if not hits:
        return decision
    told = f"our side was disturbed: {hits[0].text}" + (f" and {len(hits) - 1} more" if len(hits) > 1 else "")
    if question.metric in WHOLE_RUN:
        return Decision(Answer.INCONCLUSIVE, f"{told}; run it again")
    rest = tuple(minus(windows, [hit.window for hit in hits]))
    again = judge(measure(run, replace(question, windows=rest))) if length_s(rest) >= 1 else None
    if again is not None and again.answer is decision.answer:
        return decision
    return Decision(Answer.INCONCLUSIVE, f"{told}, and without those seconds the answer is another one; run it again")


def finding(run: RunData, question: Asked, kind: FindingKind, limit: Limit, measured: Measured) -> Finding:
    """The finding without its answer."""
    is_flow, is_probe = question.subject in run.flow_of, question.subject in run.probe_of
    return Finding(
        name=f"{question.subject} {question.metric} {limit.text}{_where(run, question)}",
        kind=kind,
        verdict=Answer.INCONCLUSIVE,
        flow=question.subject if is_flow else "",
        edge="" if is_flow or is_probe else question.subject,
        probe=question.subject if is_probe else "",
        phase=question.phases[0] if len(question.phases) == 1 else None,
        phases=question.phases,
        metric=question.metric,
        observed=measured.observed,
        interval=(measured.interval.low, measured.interval.high) if measured.interval else None,
        limit=limit.text,
        n=measured.n,
        incident=measured.incident,
    )


def per_second(run: RunData, question: Asked) -> tuple[float, float]:
    """Rows per second and seconds of the data, for advice."""
    seconds = length_s(question.windows)
    rows = len(run.flow(question.subject).between(question.windows)) if question.subject in run.flow_of else 0
    return (rows / seconds if seconds else 0.0), seconds


def _where(run: RunData, question: Asked) -> str:
    if question.metric == "recovered_at":
        return ""
    if question.metric in ("recovers_within", "within"):
        return f" after {question.after}" if question.after else ""
    everything = set(run.default_phases) <= set(question.phases)
    return "" if everything and len(question.phases) != 1 else f" in {', '.join(question.phases)}"
