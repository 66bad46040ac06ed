"""The outage: phases and injections as rows of bars on one axis."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.fault import Injection
from harness.model.finding import InjectionResult
from harness.report.clock import Window
from harness.report.facts import Facts
from harness.report.html.sheet import Axis, Sheet
from harness.report.words import family_of, fault_words, target_words

_TRACK_PX = 960
"""Width of the drawn axis at a window of 1280 px: decides which words fit; narrower windows show the numbers."""
_PHONE_PX = 320
_CHAR_PX = 7.2
_NAME_PX = 6.6


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment on the axis. `wide`: shown on wide windows only, a phone has no room for it."""

    text: str
    place: str
    wide: bool
    last: bool


@dataclass(frozen=True, slots=True)
class Band:
    """One phase of the axis."""

    number: int
    name: str
    title: str
    place: str
    fits: bool
    reached: bool
    when: str
    length: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One injection: its bar, its words, and what a reader sees on hover or focus."""

    id: str
    words: str
    target: str
    source: str
    family: str
    place: str
    words_place: str
    side: str
    state: str
    note: str
    when: str
    held: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The whole figure."""

    ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    lanes: tuple[Lane, ...]
    mapping: str
    families: tuple[str, ...]
    numbered: bool


def build_timeline(facts: Facts, sheet: Sheet) -> Timeline:
    """Bars stand where injections really held; those that never began stand hollow where they were planned."""
    axis = Axis(facts.windows[0].start_s, max(window.end_s for window in facts.windows))
    bands = tuple(_band(facts, axis, sheet, number, window) for number, window in enumerate(facts.windows, 1))
    lanes = tuple(_lane(facts, axis, sheet, injection) for injection in facts.record.plan.injections)
    families = tuple(dict.fromkeys(lane.family for lane in lanes))
    return Timeline(
        _ticks(facts, axis, sheet),
        bands,
        lanes,
        facts.clock.mapping(),
        families,
        any(band.title or not band.fits for band in bands),
    )


def _ticks(facts: Facts, axis: Axis, sheet: Sheet) -> tuple[Tick, ...]:
    end = facts.windows[-1].end_s
    moments = [window.start_s for window in facts.windows] + [end]
    texts = [facts.clock.label(moment) for moment in moments]
    shown: list[Tick] = []
    last_at = {_TRACK_PX: -1e9, _PHONE_PX: -1e9}
    stop = axis.percent(end)
    for moment, text in zip(moments, texts, strict=True):
        at, last = axis.percent(moment), moment == end
        room = len(text) * _CHAR_PX + 10
        fits = {
            px: last or ((at - last_at[px]) * px / 100 >= room and (stop - at) * px / 100 >= 2 * room) for px in last_at
        }
        if not fits[_TRACK_PX]:
            continue
        last_at = {px: at if fits[px] else last_at[px] for px in last_at}
        place = sheet.from_right(100 - at) if last else sheet.place(at)
        shown.append(Tick(text, place, not fits[_PHONE_PX], last))
    return tuple(shown)


def _band(facts: Facts, axis: Axis, sheet: Sheet, number: int, window: Window) -> Band:
    left = axis.percent(window.start_s)
    width = axis.percent(window.end_s) - left
    when = f"{facts.clock.label(window.start_s)} – {facts.clock.label(window.end_s)}"
    return Band(
        number=number,
        name=window.name,
        title=window.title,
        place=sheet.place(left, width),
        fits=width * _TRACK_PX / 100 >= len(window.name) * _NAME_PX + 6,
        reached=window.reached,
        when=when,
        length=facts.clock.length(window.end_s - window.start_s),
    )


def _lane(facts: Facts, axis: Axis, sheet: Sheet, injection: Injection) -> Lane:
    result = facts.result(injection.id)
    start, end = _held(injection, result)
    left, right = axis.percent(start), axis.percent(end)
    state, note = _state(result, facts.record.plan.without_faults)
    words = fault_words(injection.fault)
    place, side = _words_place(sheet, left, right, len(words) + len(note))
    return Lane(
        id=injection.id,
        words=words,
        target=target_words(injection),
        source=injection.source,
        family=family_of(injection.fault),
        place=sheet.place(left, right - left),
        words_place=place,
        side=side,
        state=state,
        note=note,
        when=f"{facts.clock.label(start)} – {facts.clock.label(end)}",
        held=facts.clock.length(end - start),
    )


def _words_place(sheet: Sheet, left: float, right: float, letters: int) -> tuple[str, str]:
    """Words stand inside their bar where they fit, else behind it, else before it."""
    room = 100 * (letters * _NAME_PX + 20) / _TRACK_PX
    if right - left >= room:
        return sheet.place(left), "start"
    if right + room <= 100:
        return sheet.place(right), "start"
    return (sheet.from_right(100 - left), "end") if left >= room else (sheet.place(left), "start")


def _held(injection: Injection, result: InjectionResult | None) -> tuple[float, float]:
    if result is None or result.hold_at_s is None:
        return injection.start_s, injection.end_s
    end = result.heal_at_s if result.heal_at_s is not None else result.hold_at_s + result.held_s
    return result.hold_at_s, end


def _state(result: InjectionResult | None, control: bool) -> tuple[str, str]:
    """A style word, and the words that a reader must not miss."""
    if control:
        return "hollow", "left out in this control run"
    if result is None or result.hold_at_s is None:
        return "hollow", "never began"
    if result.state == "stuck":
        return "stuck", "may still hold"
    if result.state == "lost":
        return "lost", "stopped early, unasked"
    return "held", "" if result.effect.proved else "effect not proved"
