"""Phases on both clocks, and the faults that stand in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.model.plan import STEADY, Phase
from harness.model.units import duration_text
from harness.spec.bind.binding import Binding
from harness.spec.bind.load import Asked
from harness.spec.clock import Clock, Stretch, Warp
from harness.spec.document.places import Path
from harness.spec.document.symptoms import SymptomBase
from harness.spec.document.timeline import FaultDoc, PhaseDoc
from harness.spec.resolution import confirmation_s

DURING, AFTER = "during", "after"
"""Phases of the smallest form."""

SHORTEST_PHASE_S = 1.0
SMALL_FOR_S = 30.0
SMALL_AFTER_S = 15.0


@dataclass(frozen=True, slots=True)
class Item:
    """A fault as written: symptom, target, and its own times on the timeline's clock (None: its phase's)."""

    symptom: SymptomBase
    on: str
    path: Path
    on_path: Path
    id: str = ""
    at: float | None = None
    for_: float | None = None
    until: float | None = None
    source: str = ""
    part: bool = False
    """Of a fault of one's own, placed by it and not by the file."""


@dataclass(frozen=True, slots=True)
class Window:
    """A phase on the timeline's own clock."""

    name: str
    start: float
    end: float
    path: Path
    title: str = ""
    items: tuple[Item, ...] = ()


@dataclass(slots=True)
class Timeline:
    """All phases, `steady` first; the windows with their faults; and the way from one clock to the other."""

    windows: tuple[Window, ...]
    phases: tuple[Phase, ...]
    warp: Warp
    clock: Clock
    names: tuple[str, ...] = field(default=())


def build_timeline(b: Binding, clock: Clock, asked: Asked) -> Timeline:
    """Phases that follow one another from t=0 without a gap; problems where they do not."""
    windows = _small(b, asked, clock) if b.doc.break_ is not None else _windows(b)
    _check_form(b)
    _check_clock(b, clock, windows)
    steady_s = b.doc.steady.for_
    if steady_s < 5:
        b.add(("steady", "for"), f"a baseline of {steady_s:g} s is too short to compare with; write at least 5s")
    phases = [Phase(STEADY, -steady_s, 0.0, -steady_s * clock.default, 0.0, line=b.line(("steady",)))]
    stretches, wall = [], 0.0
    for window in windows:
        length = max(window.end - window.start, 0.0)
        end = round(wall + length / clock.of(window.name), 6)
        stretches.append(Stretch(window.start, window.start + length, wall, end))
        line = b.line(window.path)
        phases.append(Phase(window.name, wall, end, window.start, window.start + length, window.title, line))
        _check_length(b, window, end - wall, clock)
        wall = end
    return Timeline(windows, tuple(phases), Warp(stretches), clock, tuple(w.name for w in windows))


def _check_form(b: Binding) -> None:
    doc = b.doc
    if doc.break_ is not None and doc.timeline is not None:
        b.add(("timeline",), "either break (one fault) or timeline (phases), not both", key=True)
    if doc.break_ is None and doc.timeline is None and not b.problems.any_broken("timeline"):
        if not b.problems.any_broken("break"):
            b.add((), "nothing is broken: write break: TARGET, or a timeline")
        return
    for key, value in (("how", doc.how), ("for", doc.for_)):
        if value is not None and doc.break_ is None and not b.problems.any_broken("break"):
            b.add((key,), f"{key!r} belongs to break: TARGET; in a timeline it stands in a phase", key=True)


def _windows(b: Binding) -> tuple[Window, ...]:
    found: list[Window] = []
    cursor = 0.0
    for index, phase in enumerate(b.doc.timeline or ()):
        path: Path = ("timeline", index)
        if phase.do is not None:
            continue  # a step: bind/steps.py
        start = cursor if phase.at is None else phase.at
        end = _end(b, path, phase, start)
        before = found[-1].name if found else STEADY
        _check_order(b, path, phase, (start, cursor), before)
        _check_name(b, path, phase.phase, [window.name for window in found])
        items = tuple(_item(phase.faults[n], (*path, "faults", n)) for n in range(len(phase.faults)))
        found.append(Window(phase.phase, start, end, path, phase.title, items))
        cursor = max(cursor, end)
    if b.doc.timeline is not None and not found and not b.problems.any_broken("timeline"):
        b.add(("timeline",), "the timeline has no phase; write {phase: gone, for: 30s, faults: […]}")
    return tuple(found)


def _check_order(b: Binding, path: Path, phase: PhaseDoc, times: tuple[float, float], before: str) -> None:
    start, cursor = times
    if b.problems.any_broken("timeline") or abs(start - cursor) < 1e-9:
        return
    where = (*path, "at")
    if start > cursor:
        gap = f"a gap of {duration_text(start - cursor)} between {before!r} (ends {_at(cursor)}) and {phase.phase!r}"
        b.add(where, f"{gap} (begins {_at(start)}); make one longer, or add a phase between them")
    else:
        overlap = f"{phase.phase!r} begins {_at(start)}, before {before!r} ends {_at(cursor)}"
        b.add(where, f"phases overlap: {overlap}; give faults their own at and for instead")


def _check_name(b: Binding, path: Path, name: str, names: list[str]) -> None:
    if name == STEADY:
        b.add((*path, "phase"), "the name 'steady' is taken by the baseline; choose another")
    if name in names:
        b.add((*path, "phase"), f"two phases are called {name!r}; rename one")


def _end(b: Binding, path: Path, phase: PhaseDoc, start: float) -> float:
    if phase.for_ is not None and phase.until is not None:
        b.add((*path, "until"), "either for or until, not both", key=True)
    if phase.for_ is not None:
        end = start + phase.for_
    elif phase.until is not None:
        end = phase.until
    else:
        b.add(path, f"phase {phase.phase!r} does not say how long it lasts; add for: 30s")
        return start
    if end <= start:
        where = "for" if phase.for_ is not None else "until"
        b.add((*path, where), f"phase {phase.phase!r} ends {_at(end)}, not after it begins {_at(start)}")
    return end


def _at(seconds: float) -> str:
    return f"at {duration_text(seconds)}"


def _item(doc: FaultDoc, path: Path) -> Item:
    source = " ".join(part for part in (doc.source, f"[{doc.grade}]" if doc.grade else "") if part)
    return Item(doc, doc.on, path, (*path, "on"), doc.id or "", doc.at, doc.for_, doc.until, source)


def _small(b: Binding, asked: Asked, clock: Clock) -> tuple[Window, ...]:
    """The two phases of the smallest form. On an incident clock `for` is incident time, as in a timeline."""
    for_ = SMALL_FOR_S if b.doc.for_ is None else b.doc.for_
    if for_ <= 0:
        b.add(("for",), "the fault must hold for a while; write for: 30s")
    symptom = b.doc.how or SymptomBase.model_validate({"how": "blackout"})
    item = Item(symptom, b.doc.break_ or "", ("how",) if b.doc.how is not None else ("break",), ("break",), id="break")
    after = _small_after(b, asked) * clock.of(AFTER)
    return (
        Window(DURING, 0.0, for_, ("break",), items=(item,)),
        Window(AFTER, for_, for_ + after, ("break",)),
    )


def _small_after(b: Binding, asked: Asked) -> float:
    """Wall seconds of the phase after: long enough to see the slowest promised recovery, and that it lasts."""
    longest = SMALL_AFTER_S
    for subject, parts in b.doc.expect.items():
        for part in parts:
            within = part.recovers_within
            if within is not None and within.high is not None:
                longest = max(longest, within.high + confirmation_s(asked.least_rate(subject)))
    return longest


def _check_clock(b: Binding, clock: Clock, windows: tuple[Window, ...]) -> None:
    names = [window.name for window in windows]
    for name in clock.phases:
        if name == STEADY:
            b.add(("clock", "phases", name), "steady is wall time and has no compression; remove it", key=True)
        elif name not in b.written_phases():
            b.known(("clock", "phases", name), "phase", name, names)


def _check_length(b: Binding, window: Window, wall: float, clock: Clock) -> None:
    if window.end <= window.start or wall >= SHORTEST_PHASE_S:
        return
    message = f"phase {window.name!r} lasts {duration_text(wall)} of wall time, less than 1 s"
    if clock.incident and clock.of(window.name) > 1:
        fits = (window.end - window.start) / SHORTEST_PHASE_S
        message += f"; a clock of {fits:g}x or slower would do (clock: {{phases: {{{window.name}: {fits:g}x}}}})"
    else:
        message += "; write at least 1s"
    b.add(window.path, message)
