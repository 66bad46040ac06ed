"""A card per dependent: two small drawings on one axis, drawn here so that they also print and need no script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, log10

from harness.model.units import duration_text, ratio_text
from harness.report.facts import Card, Facts
from harness.report.html.sheet import Axis, Sheet
from harness.report.html.timeline import Tick
from harness.report.series import Floats

HEIGHT = 100.0
_PLOT_PX = 250
_CHAR_PX = 6.2
_HEADROOM = 4.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """One line of a card in a box of 1000 × 100, stretched to the card."""

    line: str
    area: str
    dashed: float | None
    label: str


@dataclass(frozen=True, slots=True)
class CardView:
    """A card with its drawings."""

    card: Card
    share: Drawing
    p95: Drawing


@dataclass(frozen=True, slots=True)
class CardAxis:
    """What all cards share: the axis, hatched windows, phase boundaries, the log range of p95."""

    hatches: tuple[str, ...]
    ticks: tuple[Tick, ...]
    boundaries: tuple[float, ...]
    low_s: float
    high_s: float
    range_text: str


def build_axis(facts: Facts, sheet: Sheet) -> CardAxis:
    """One axis for every card, so that moments line up when the eye goes down the page."""
    axis = whole_axis(facts)
    low, high = _log_range(facts)
    return CardAxis(
        hatches=tuple(sheet.place(axis.percent(a), axis.percent(b) - axis.percent(a)) for a, b in facts.holds),
        ticks=_ticks(facts, axis, sheet),
        boundaries=tuple(round(axis.percent(window.start_s) * 10, 1) for window in facts.windows[1:] if window.reached),
        low_s=low,
        high_s=high,
        range_text=f"{duration_text(low)} – {duration_text(high)}, log",
    )


def build_card(facts: Facts, shared: CardAxis, card: Card) -> CardView:
    """The drawings of one dependent; a flow without a sample gives empty ones."""
    axis, line = whole_axis(facts), facts.series.flows.get(card.flow)
    times = facts.series.times + facts.series.step_s / 2
    share = _points(axis, times, line.share, _share_y) if line else []
    scale = _LogScale(shared.low_s, shared.high_s)
    p95 = _points(axis, times, line.p95, scale.y) if line else []
    return CardView(
        card=card,
        share=Drawing(
            _line(share), _area(share), _share_y(card.floor) if card.floor is not None else None, _share_label(card)
        ),
        p95=Drawing(_line(p95), "", scale.y(card.ceiling_s) if card.ceiling_s is not None else None, _p95_label(card)),
    )


def whole_axis(facts: Facts) -> Axis:
    """From the start of the baseline to the last planned or seen moment."""
    start = facts.windows[0].start_s
    return Axis(start, max(facts.windows[-1].end_s, facts.series.end_s))


def _log_range(facts: Facts) -> tuple[float, float]:
    """Decade-friendly range over all flows, up to the longest deadline."""
    values = [v for line in facts.series.flows.values() for v in line.p95.tolist() if not isnan(v) and v > 0]
    deadline = max((card.deadline_s for card in facts.cards), default=1.0)
    high = max([deadline, *values])
    low = 10 ** (int(log10(max(min([*values, high / 10]), 1e-5)) + 10) - 10)
    return low, high


class _LogScale:
    def __init__(self, low_s: float, high_s: float) -> None:
        self.low, self.span = log10(low_s), max(log10(high_s) - log10(low_s), 1e-9)

    def y(self, value: float) -> float:
        share = (log10(max(value, 1e-9)) - self.low) / self.span
        return HEIGHT - (HEIGHT - _HEADROOM) * min(max(share, 0.0), 1.0)


def _share_y(value: float) -> float:
    return HEIGHT - (HEIGHT - _HEADROOM) * value


def _points(
    axis: Axis, times: Floats, values: Floats, curve: Callable[[float], float]
) -> list[list[tuple[float, float]]]:
    """Runs of neighbouring points; a gap in the data is a gap in the line."""
    runs: list[list[tuple[float, float]]] = [[]]
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        if isnan(value):
            runs.append([])
        else:
            runs[-1].append((axis.percent(time) * 10, curve(value)))
    return [run for run in runs if run]


def _line(runs: list[list[tuple[float, float]]]) -> str:
    return " ".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run) for run in runs)


def _area(runs: list[list[tuple[float, float]]]) -> str:
    return " ".join(f"M{run[0][0]:.1f} {HEIGHT}L{_line([run])[1:]}L{run[-1][0]:.1f} {HEIGHT}Z" for run in runs)


def _share_label(card: Card) -> str:
    before = "no requests" if card.before.good is None else ratio_text(card.before.good)
    during = f"{card.good_text} while faults held, back: {card.back} {card.back_doubt}".strip()
    return f"{card.title}: share answered well and in time, {before} before, {during}"


def _p95_label(card: Card) -> str:
    before = "none" if card.before.p95_s is None else duration_text(card.before.p95_s)
    return f"{card.title}: p95 response time, {before} before, {card.p95_text} while faults held"


def _ticks(facts: Facts, axis: Axis, sheet: Sheet) -> tuple[Tick, ...]:
    """Start, first onset, last heal, end; a label that would touch another is left out, the ends stay."""
    ends = (axis.start_s, axis.end_s)
    inner = [facts.holds[0][0], facts.holds[-1][1]] if facts.holds else []
    taken = [(0.0, _width(facts, ends[0])), (100 - _width(facts, ends[1]), 100.0)]
    shown = [Tick(facts.clock.label(ends[0]), sheet.place(0), wide=False, last=False)]
    for moment in inner:
        at, half = axis.percent(moment), _width(facts, moment) / 2
        if all(at + half < low or at - half > high for low, high in taken):
            taken.append((at - half, at + half))
            shown.append(Tick(facts.clock.label(moment), f"mid {sheet.place(at)}", wide=False, last=False))
    return (*shown, Tick(facts.clock.label(ends[1]), sheet.from_right(0), wide=False, last=True))


def _width(facts: Facts, moment: float) -> float:
    return 100 * (len(facts.clock.label(moment)) * _CHAR_PX + 8) / _PLOT_PX
