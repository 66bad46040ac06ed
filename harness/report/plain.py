"""Lines without colour or drawing: for logs, pipes and screen readers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from harness.model.finding import Verdict
from harness.model.plan import Plan
from harness.model.progress import Event, FlowNow, InjectionChanged, PhaseChanged, RunOpened, Said, StepChanged, Tick
from harness.model.record import Record
from harness.model.units import duration_text, ratio_text
from harness.report.clock import Clock
from harness.report.facts import build_facts
from harness.report.reproduce import commands
from harness.report.sentences import lead, meaning
from harness.report.steps import step_line, step_rows
from harness.report.words import MISSING, fault_words

EVERY_S = 10.0
"""A line about the load at most this often."""

WORST = 3
"""Flows named in such a line: those that answer worst."""


def as_plain(verdict: Verdict, record: Record, *, folder: str = "", ascii_only: bool = False) -> str:
    """The whole answer as plain text: word, why, every flow on a line, where the report is, how to repeat it."""
    facts = build_facts(record, verdict)
    lines = [
        f"{facts.mark.word} {verdict.experiment}",
        " ".join(part for part in (lead(facts), meaning(facts)) if part),
    ]
    lines += [f"  {reason}" for reason in verdict.reasons]
    for card in facts.cards:
        expected = f", expected {card.expected}" if card.expected else ""
        lines.append(
            f"  {card.flow}: {card.mark.word}{expected}; good {card.good_text}, p95 {card.p95_text}, back {card.back}"
        )
    lines += [f"  step {step_line(row)}" for row in step_rows(facts)]
    lines.append(f"clean-up {verdict.cleanup}")
    lines += [f"report: {folder}/report.html"] if folder else []
    lines.append(f"again:  {commands(record)[0][1]}")
    text = "\n".join(lines) + "\n"
    return as_ascii(text) if ascii_only else text


_ASCII = str.maketrans(
    {"–": "-", "…": "...", "→": "->", "·": "|", "±": "+-", "≥": ">=", "≤": "<=", "×": "x", "µ": "u"}
    | {"✓": "ok", "✗": "x", "≈": "~", "’": "'", "“": '"', "”": '"', "▶": ">", "■": "#", "\u202f": " "}
)


def as_ascii(text: str) -> str:
    """The same in ASCII; what has no counterpart becomes '?'."""
    return text.translate(_ASCII).encode("ascii", "replace").decode()


def flow_line(flow: FlowNow) -> str:
    """One flow now: 'checkout 99.8 % 41 ms'."""
    good = MISSING if flow.availability is None else ratio_text(flow.availability)
    return f"{flow.flow} {good}{'' if flow.p95_s is None else f' {duration_text(flow.p95_s)}'}"


def step_text(event: StepChanged) -> str:
    """One line while it runs: 'step switch failed: HTTP 503'."""
    return f"step {event.step} {event.state}{f': {event.detail}' if event.detail else ''}"


@dataclass(slots=True)
class _Pace:
    """Answers yes at most once in a while."""

    every_s: float
    now: Callable[[], float]
    last: float | None = None

    def due(self) -> bool:
        """Whether enough time has passed since the last yes."""
        moment = self.now()
        if self.last is not None and moment - self.last < self.every_s:
            return False
        self.last = moment
        return True


class PlainLines:
    """A listener that writes a line per change and one about the load every ten seconds; never a flood."""

    def __init__(self, stream: TextIO = sys.stderr, *, now: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._pace = stream, _Pace(EVERY_S, now)
        self._ascii = not (getattr(stream, "encoding", "") or "").lower().startswith("utf")
        self._plan: Plan | None = None
        self._clock: Clock | None = None

    def __call__(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case RunOpened():
                self._plan, self._clock = event.plan, Clock(event.plan)
                self._write(f"run {event.run} in {event.folder}")
            case PhaseChanged():
                self._write(self._phase(event))
            case InjectionChanged():
                self._write(f"{event.injection} {event.state}{self._what(event)}")
            case StepChanged():
                self._write(step_text(event))
            case Said():
                self._write(f"warning: {event.text}" if event.warning else event.text)
            case Tick() if self._pace.due():
                self._write(self._tick(event))

    def close(self) -> None:
        """Nothing is held back, so nothing is left to do."""
        self._stream.flush()

    def _phase(self, event: PhaseChanged) -> str:
        if not event.phase:
            return "timeline ended"
        clock = f", {self._clock.label(event.wall_s)}" if self._clock else ""
        return f"phase {event.phase}{clock}"

    def _what(self, event: InjectionChanged) -> str:
        if event.detail:
            return f": {event.detail}"
        planned = [i for i in self._plan.injections if i.id == event.injection] if self._plan else []
        return f": {planned[0].target} {fault_words(planned[0].fault)}" if planned and event.state == "holding" else ""

    def _tick(self, tick: Tick) -> str:
        worst = sorted(tick.flows, key=lambda flow: 2.0 if flow.availability is None else flow.availability)[:WORST]
        clock = f" {self._clock.label(tick.wall_s)}" if self._clock and self._clock.incident else ""
        holding = f"{len(tick.holding)} fault{'s' * (len(tick.holding) != 1)}" if tick.holding else "no fault"
        flows = ", ".join(flow_line(flow) for flow in worst)
        left = duration_text(max(round(tick.left_s), 0))
        return f"{tick.phase}{clock} ({tick.wall_s:+.0f} s), {holding}, {left} left{f'; {flows}' if flows else ''}"

    def _write(self, line: str) -> None:
        text = " ".join(line.split())
        self._stream.write((as_ascii(text) if self._ascii else text) + "\n")
        self._stream.flush()
