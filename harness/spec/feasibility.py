"""What a plan can show: samples per phase and flow, what they resolve, and what can never be decided (refusals.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.model.errors import Problem
from harness.model.plan import Phase, Plan
from harness.spec import resolution
from harness.spec.refusals import refusals
from harness.spec.samples import expected_samples


@dataclass(frozen=True, slots=True)
class FlowEstimate:
    """One flow in one phase: expected requests, and the smallest differences that they show (shares 0–1).

    `half_width`: 95 % Clopper–Pearson, half of the requests good (the worst case). `near_all`: the share of failures
    that cannot hide where all are good.
    """

    flow: str
    samples: float
    half_width: float
    near_all: float


@dataclass(frozen=True, slots=True)
class PhaseEstimate:
    """One phase: wall seconds and its flows."""

    phase: str
    wall_s: float
    flows: tuple[FlowEstimate, ...]


@dataclass(frozen=True, slots=True)
class CheckEstimate:
    """One share objective: expected requests, and how many may be bad with it still passing."""

    subject: str
    metric: str
    limit: str
    samples: float
    bad_allowed: int | None


@dataclass(frozen=True, slots=True)
class Feasibility:
    """What the plan resolves, and what it can never decide (`refused`, problems of the file)."""

    phases: tuple[PhaseEstimate, ...]
    checks: tuple[CheckEstimate, ...]
    refused: tuple[Problem, ...]


def feasibility(plan: Plan) -> Feasibility:
    """Estimate everything; nothing is raised."""
    return Feasibility(tuple(_phase(plan, phase) for phase in plan.phases), tuple(_checks(plan)), tuple(refusals(plan)))


def _phase(plan: Plan, phase: Phase) -> PhaseEstimate:
    flows = []
    for flow in plan.load.flows:
        samples = expected_samples(plan, flow.name, (phase.name,))
        count = max(round(samples), 0)
        near = resolution.near_all(count)
        flows.append(FlowEstimate(flow.name, samples, resolution.half_width(count), near))
    return PhaseEstimate(phase.name, phase.end_s - phase.start_s, tuple(flows))


def _checks(plan: Plan) -> Iterator[CheckEstimate]:
    for objective in plan.objectives:
        if objective.metric == "availability" and objective.limit.low is not None and not objective.existential:
            samples = expected_samples(plan, objective.subject, objective.phases)
            allowed = resolution.bad_allowed(objective.limit, round(samples))
            yield CheckEstimate(objective.subject, objective.metric, objective.limit.text, samples, allowed)
