"""What every face shows of a finished run, computed once from record and verdict. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.analysis.data.run import RunData
from harness.analysis.metrics.recovery_time import recovered
from harness.analysis.recovery.recover import Recovery
from harness.model.fault import Injection
from harness.model.finding import Answer, DependentStory, Finding, FindingKind, InjectionResult, Verdict
from harness.model.load import Flow
from harness.model.objective import Limit
from harness.model.record import Record
from harness.model.units import duration_text, ratio_text
from harness.report.clock import Clock, Window, windows
from harness.report.series import Series, WindowStats, build_series
from harness.report.words import DEPENDENT, MISSING, NOT_JUDGED, STATUSES, Mark, one_fate, overall, same_fate

GROUPS = ("survived", "degraded", "down", "not judged")


@dataclass(frozen=True, slots=True)
class Card:
    """One dependent: who it is, what became of it, and the numbers that say so."""

    flow: str
    service: str
    title: str
    service_title: str
    strategy: str
    like: str
    expected: str
    observed: str
    mark: Mark
    dependent: bool
    """Whether it counts: a flow into a dependent, or any flow where no service carries that role."""
    fate: str
    """What was expected of its service against what became of all its flows, in words; '' where nothing was."""
    as_expected: bool | None
    before: WindowStats
    during: WindowStats
    deadline_s: float
    back: str
    """When it was back to normal for good, on the reader's clock; 'never left', 'not by the end', or how long it was
    fine at the end where that is too short to tell.
    """
    back_doubt: str
    """How well that moment is known, '± 2 min'; '' where there is none."""
    floor: float | None
    """Least share of good answers that an objective asks for, None without one."""
    ceiling_s: float | None
    """Largest p95 that an objective allows, None without one."""
    story: DependentStory | None

    @property
    def anchor(self) -> str:
        """Name of its place on a page."""
        return "flow-" + re.sub(r"[^a-z0-9]+", "-", self.flow.lower())

    @property
    def group(self) -> str:
        """Which of `GROUPS` it counts in; the unaffected count as survivors."""
        return (
            "survived"
            if self.mark.tone == "good"
            else {"warn": "degraded", "bad": "down"}.get(self.mark.tone, "not judged")
        )

    @property
    def cause(self) -> str:
        """The injection, else the connection, that moved first on its path; '' where nothing did."""
        path = sorted(self.story.path, key=lambda step: step.onset_s) if self.story else []
        named = [step.injection for step in path if step.injection]
        return named[0] if named else path[0].edge if path else ""

    @property
    def because(self) -> str:
        """Why it came out as it did, in one breath: its strategy, and what hit it if it did not survive."""
        hit = f"hit by {self.cause}" if self.cause and self.group != "survived" else ""
        return " · ".join(part for part in (self.strategy, hit) if part)

    @property
    def good_text(self) -> str:
        """Share of intended requests answered well and in time while faults held."""
        return MISSING if self.during.good is None else ratio_text(self.during.good)

    @property
    def p95_text(self) -> str:
        """p95 while faults held; one that falls among the unanswered is 'over' its deadline."""
        if self.during.p95_s is None:
            return MISSING
        if self.during.p95_over_deadline:
            return f"over {duration_text(self.deadline_s)}"
        return duration_text(self.during.p95_s)


@dataclass(frozen=True, slots=True)
class Facts:
    """A finished run, ready to be shown."""

    record: Record
    verdict: Verdict
    clock: Clock
    series: Series
    windows: tuple[Window, ...]
    holds: tuple[tuple[float, float], ...]
    """Wall seconds during which at least one fault held, joined, in order."""
    cards: tuple[Card, ...]

    @property
    def mark(self) -> Mark:
        """The word on top."""
        return overall(self.verdict)

    def of(self, *kinds: FindingKind) -> tuple[Finding, ...]:
        """Findings of these kinds, in the judge's order."""
        return tuple(finding for finding in self.verdict.findings if finding.kind in kinds)

    def passed(self, kind: FindingKind) -> str:
        """'5 of 5' for the findings of a kind, '' without any."""
        found = self.of(kind)
        good = sum(finding.verdict is Answer.PASSED for finding in found)
        return f"{good} of {len(found)}" if found else ""

    def group(self, name: str) -> tuple[Card, ...]:
        """The dependents in one of `GROUPS`."""
        return tuple(card for card in self.dependents if card.group == name)

    @property
    def dependents(self) -> tuple[Card, ...]:
        """Those who are asked whether they survived."""
        return tuple(card for card in self.cards if card.dependent)

    @property
    def others(self) -> tuple[Card, ...]:
        """Flows that watch what the dependents depend on."""
        return tuple(card for card in self.cards if not card.dependent)

    def result(self, injection: str) -> InjectionResult | None:
        """What became of an injection, None if the judge did not say."""
        return next((result for result in self.verdict.injections if result.id == injection), None)

    def injection(self, name: str) -> Injection | None:
        """The planned injection called `name`."""
        return next((injection for injection in self.record.plan.injections if injection.id == name), None)


def build_facts(record: Record, verdict: Verdict) -> Facts:
    """Everything that the faces need; works on runs with no phase and no sample as well."""
    clock, series, happened = Clock(record.plan), build_series(record), windows(record)
    stories = {story.flow: story for story in verdict.stories}
    holds = dict(_spans(verdict.injections))
    end = max((window.end_s for window in happened if window.reached), default=0.0)
    view = _View(clock, series, RunData(record), holds, end, _fates(record, stories))
    cards = [_card(record, flow, stories.get(flow.name), view) for flow in record.plan.load.flows]
    ordered = tuple(sorted(cards, key=lambda card: (not card.dependent, GROUPS.index(card.group))))
    return Facts(record, verdict, clock, series, happened, _joined(holds.values()), ordered)


@dataclass(frozen=True, slots=True)
class _View:
    clock: Clock
    series: Series
    run: RunData
    holds: dict[str, tuple[float, float]]
    end_s: float
    fates: dict[str, str]

    def during(self, story: DependentStory | None) -> tuple[float, float]:
        """While faults on its path held; while any did, where none is known; t=0 to the end without faults."""
        path = {step.injection for step in story.path} if story else set()
        spans = [span for name, span in self.holds.items() if name in path] or list(self.holds.values())
        if not spans:
            return 0.0, self.end_s
        return min(start for start, _ in spans), max(end for _, end in spans)


def _joined(holds: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    joined: list[tuple[float, float]] = []
    for start, end in sorted(holds):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _spans(results: tuple[InjectionResult, ...]) -> Iterator[tuple[str, tuple[float, float]]]:
    for result in results:
        if result.hold_at_s is not None:
            end = result.heal_at_s if result.heal_at_s is not None else result.hold_at_s + result.held_s
            yield result.id, (result.hold_at_s, end)


def _card(record: Record, flow: Flow, story: DependentStory | None, view: _View) -> Card:
    labels = {key.removeprefix("regionfall."): value for key, value in _labels(record, flow.service)}
    expected = (story.expected if story else "") or labels.get("expected", "")
    fate = view.fates.get(flow.service, "")
    as_expected = same_fate(expected, fate)
    stats = view.series.samples.window
    found = recovered(view.run, flow.name)
    back, doubt = _back(found, view)
    return Card(
        flow=flow.name,
        service=flow.service,
        title=_title(record, flow, labels.get("title", "")),
        service_title=labels.get("title", "") or flow.service,
        strategy=(story.strategy if story else "") or labels.get("strategy", ""),
        like=labels.get("like", ""),
        expected=expected,
        observed=story.observed if story else "",
        mark=STATUSES.get(story.status, NOT_JUDGED) if story and _known(found) else NOT_JUDGED,
        dependent=_counts(record, flow.service),
        fate=_fate(record, flow.service, expected, fate if as_expected is False else ""),
        as_expected=as_expected,
        before=stats(flow.name, record.plan.phases[0].start_s, 0.0),
        during=stats(flow.name, *view.during(story)),
        deadline_s=flow.deadline_s,
        back=back,
        back_doubt=doubt,
        floor=_limit(record, flow.name, "availability", low=True),
        ceiling_s=_limit(record, flow.name, "p95", low=False),
        story=story,
    )


def _fates(record: Record, stories: dict[str, DependentStory]) -> dict[str, str]:
    """What became of each service: one word for all its flows, 'degraded' where they differ."""
    words: dict[str, set[str]] = {}
    for flow in record.plan.load.flows:
        if flow.name in stories:
            words.setdefault(flow.service, set()).add(stories[flow.name].status)
    return {service: one_fate(found) for service, found in words.items()}


def _fate(record: Record, service: str, expected: str, came_out: str) -> str:
    if not expected:
        return ""
    several = sum(flow.service == service for flow in record.plan.load.flows) > 1
    whole = " as a whole" if several else ""
    return f"expected {expected}{whole}{f', came out {came_out}' if came_out else ''}"


def _counts(record: Record, service: str) -> bool:
    roles = {known.name: known.role for known in record.plan.stack.services}
    entered = {roles.get(flow.service, "") for flow in record.plan.load.flows}
    return roles.get(service) == DEPENDENT or DEPENDENT not in entered


def _labels(record: Record, service: str) -> tuple[tuple[str, str], ...]:
    return next((known.labels for known in record.plan.stack.services if known.name == service), ())


def _title(record: Record, flow: Flow, label: str) -> str:
    """A label names a service; where several flows enter at it, the flow is what tells them apart."""
    alone = sum(other.service == flow.service for other in record.plan.load.flows) == 1
    if not label or alone:
        return label or flow.name
    return f"{label} · {flow.name}"


def _known(found: Recovery) -> bool:
    """Whether there was a baseline to compare with: without one nobody can be called unaffected."""
    return found.band is not None and (not found.reason or bool(found.excursions))


def _back(found: Recovery, view: _View) -> tuple[str, str]:
    """When a flow was back to normal for good and how well that is known, by the judge's own rule."""
    if not _known(found):
        return MISSING, ""
    if not found.excursions:
        return "never left", ""
    if found.back is None:
        fine = f"unsure: fine for {view.clock.length(found.unsure_us / 1e6)}"
        return (fine if found.unsure_us else "not by the end"), ""
    at, doubt = view.run.wall_s(found.back.at_us), found.back.resolution_us / 1e6
    return view.clock.label(at), f"± {view.clock.span(at - doubt, at + doubt)}"


def _limit(record: Record, flow: str, metric: str, *, low: bool) -> float | None:
    limits: list[Limit] = [o.limit for o in record.plan.objectives if o.subject == flow and o.metric == metric]
    ends = [end for limit in limits if (end := limit.low if low else limit.high) is not None]
    return (max(ends) if low else min(ends)) if ends else None
