"""The clock that people read: the incident's own where there is one, seconds of the run otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor

from harness.model.plan import Plan
from harness.model.record import PhaseWindow, Record
from harness.model.units import duration_text

_T0 = re.compile(r"^(\d{1,2}):(\d{2})\s*(\S*)$")


@dataclass(frozen=True, slots=True)
class Window:
    """A phase as it happened (or, where it never began, as it was planned), in wall seconds from t=0."""

    name: str
    title: str
    start_s: float
    end_s: float
    reached: bool


class Clock:
    """Turns wall seconds from t=0 into what people read, piecewise linear over the plan's phases."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.incident = plan.incident_clock
        match = _T0.match(plan.incident_t0.strip())
        self.t0_minutes = int(match[1]) * 60 + int(match[2]) if match else None
        self.zone = match[3] if match else ""

    @property
    def has_time_of_day(self) -> bool:
        """Whether labels are hours and minutes of the incident's day."""
        return self.incident and self.t0_minutes is not None

    def label(self, wall_s: float) -> str:
        """`07:33` on an incident's day, `t+12 min` on an incident clock without a day, `1 m 5 s` otherwise."""
        if not self.incident:
            return duration_text(round(wall_s)).replace("-", "−")
        minutes = self.plan.incident_s(wall_s) / 60
        if self.t0_minutes is None:
            return f"t{minutes:+.0f} min"
        day, minute = divmod(floor(self.t0_minutes + minutes + 0.5), 1440)
        text = f"{minute // 60:02d}:{minute % 60:02d}"
        return f"{text} {day:+d} d" if day else text

    def span(self, start_s: float, end_s: float) -> str:
        """Half of a stretch, in the unit of the labels: how well a moment is known."""
        half = (end_s - start_s) / 2
        if not self.incident:
            return f"{half:.1f} s"
        return f"{(self.plan.incident_s(end_s) - self.plan.incident_s(start_s)) / 120:.0f} min"

    def length(self, wall_s: float) -> str:
        """A wall duration with its unit; incident lengths are never implied by it."""
        return duration_text(round(wall_s, 1))

    def mapping(self) -> str:
        """One line that says how the incident's minutes became the run's seconds; '' without an incident clock."""
        if not self.incident:
            return ""
        timeline = [phase for phase in self.plan.phases if phase.end_s > 0]
        if not timeline:
            return ""
        minutes = (timeline[-1].incident_end_s - timeline[0].incident_start_s) / 60
        seconds = timeline[-1].end_s - timeline[0].start_s
        rates = sorted({round(phase.compression) for phase in timeline})
        pace = f"{rates[0]}×" if len(rates) == 1 else f"between {rates[0]}× and {rates[-1]}×"
        zone = f"Times are {self.zone}. " if self.zone else ""
        return f"{zone}{minutes:.0f} minutes of the incident in {seconds:.0f} s, {pace} as fast."


def windows(record: Record) -> tuple[Window, ...]:
    """Every planned phase with the window it really had; a phase that never began keeps its plan."""
    happened = {window.name: window for window in record.phases}
    zero = zero_us(record)
    return tuple(
        _window(happened[phase.name], phase.title, zero)
        if phase.name in happened
        else Window(phase.name, phase.title, phase.start_s, phase.end_s, reached=False)
        for phase in record.plan.phases
    )


def _window(window: PhaseWindow, title: str, zero: int) -> Window:
    start, end = (window.start_us - zero) / 1e6, (window.end_us - zero) / 1e6
    return Window(window.name, title, start, end, reached=True)


def zero_us(record: Record) -> int:
    """t=0 on the run's clock; where it was never reached, where the plan puts it."""
    return record.zero_us or round(-record.plan.start_s * 1e6)
