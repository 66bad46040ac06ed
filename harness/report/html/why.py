"""Why a dependent left its band: the connections that moved on its path, first to last, with what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.finding import PathStep
from harness.model.units import duration_text
from harness.report.facts import Card, Facts
from harness.report.measured import measure_words, measured
from harness.report.words import fault_words

STEPS = 5
"""Links of a chain; what moved later adds little."""


@dataclass(frozen=True, slots=True)
class Step:
    """One connection that moved."""

    caller: str
    callee: str
    when: str
    later: str
    """How much later than the first step, '' for the first."""
    measure: str
    before: str
    during: str
    injection: str
    fault: str


@dataclass(frozen=True, slots=True)
class Why:
    """One dependent's chain, cause first."""

    card: Card
    heading: str
    steps: tuple[Step, ...]
    more: int
    """Connections that moved as well, later, and are not shown."""


def build_whys(facts: Facts) -> tuple[Why, ...]:
    """A chain for every dependent that left its band, the worst first."""
    hit = [card for card in facts.group("survived") if card.story is not None and card.story.path]
    out = [card for name in ("down", "degraded") for card in facts.group(name) if card.story is not None]
    return tuple(_why(facts, card) for card in (*out, *hit))


def _why(facts: Facts, card: Card) -> Why:
    path = sorted(card.story.path if card.story else (), key=lambda step: step.onset_s)
    first = path[0].onset_s if path else 0.0
    steps = tuple(_step(facts, step, first) for step in path[:STEPS])
    return Why(card, _HEADINGS[card.group].format(card.title), steps, max(len(path) - STEPS, 0))


_HEADINGS = {"down": "Why {} was down", "degraded": "Why {} was degraded", "survived": "What hit {}, which survived"}


def _step(facts: Facts, step: PathStep, first: float) -> Step:
    caller, _, callee = step.edge.partition("->")
    injection = facts.injection(step.injection)
    gap = step.onset_s - first
    return Step(
        caller=caller,
        callee=callee,
        when=facts.clock.label(step.onset_s),
        later=f"+{duration_text(round(gap, 1))}" if gap >= 0.05 else "",
        measure=measure_words(step.measure),
        before=measured(step.measure, step.before),
        during=measured(step.measure, step.during),
        injection=step.injection,
        fault=fault_words(injection.fault) if injection else "",
    )
