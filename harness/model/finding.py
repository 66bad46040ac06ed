"""Answers: one finding per objective, signature check or guard, and the verdict that they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.step import StepResult


class Answer(StrEnum):
    """Three values, never two. For a signature check PASSED reads 'observed'."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class FindingKind(StrEnum):
    """Where a finding comes from."""

    OBJECTIVE = "objective"
    SIGNATURE = "signature"
    GUARD = "guard"


@dataclass(frozen=True, slots=True)
class Finding:
    """One answered question. Seconds unless the metric ends in `_ms`; ratios 0–1. `name` begins with its subject."""

    name: str
    kind: FindingKind
    verdict: Answer
    reason: str = ""
    point: int | None = None
    role: str = ""
    tag: str = ""
    flow: str = ""
    edge: str = ""
    probe: str = ""
    phase: str | None = None
    phases: tuple[str, ...] = ()
    metric: str = ""
    observed: float | None = None
    interval: tuple[float, float] | None = None
    limit: str = ""
    n: int = 0
    existential: bool = False
    line: int = 0
    incident: str = ""
    """The observed moment on the incident clock with its resolution, for people: 't+421 min ± 2'."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Proof of an effect or of containment: what was measured before and during, in words and numbers."""

    proved: bool
    measure: str = ""
    before: float | None = None
    during: float | None = None
    n_before: int = 0
    n_during: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InjectionResult:
    """What became of one injection; seconds of wall time."""

    id: str
    fault: str
    target: str
    edges: tuple[str, ...]
    phase: str
    state: str
    planned_s: float
    held_s: float
    effect: Evidence
    contained: Evidence
    spill_over: tuple[str, ...] = ()
    hold_at_s: float | None = None
    heal_at_s: float | None = None
    disturbed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadAccount:
    """Whether the generator kept its word."""

    offered: int = 0
    rows: int = 0
    late: int = 0
    no_slot: int = 0
    lateness_p99_s: float = 0.0


@dataclass(frozen=True, slots=True)
class DependentStory:
    """Why one flow left its band: the faulted edges on its path in order of onset, with measured evidence."""

    flow: str
    service: str
    strategy: str
    expected: str
    observed: str
    status: str
    """survived | degraded | down | unaffected"""
    path: tuple[PathStep, ...] = ()


@dataclass(frozen=True, slots=True)
class PathStep:
    """One edge on a dependent's path that moved: when (wall s from t=0), and what was measured before and during."""

    edge: str
    onset_s: float
    measure: str
    before: float
    during: float
    injection: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one run, as verdict.json holds it."""

    run: str
    experiment: str
    status: str
    verdict: Answer | None
    cleanup: str
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    injections: tuple[InjectionResult, ...]
    load: LoadAccount
    fidelity_observed: int = 0
    fidelity_total: int = 0
    stories: tuple[DependentStory, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    exit_code: int = 70
    headline: str = ""
    blocked: tuple[str, ...] = ()
    """Undeclared calls that did not get through, `caller -> address:port (n)`."""
    disturbances: tuple[str, ...] = field(default_factory=tuple)
    steps: tuple[StepResult, ...] = ()
    """What became of the timeline's steps; they decide nothing, people read them."""
