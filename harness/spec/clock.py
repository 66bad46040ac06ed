"""The incident clock: how many incident seconds pass in one second of wall time, phase by phase.

The timeline of the file is incident time. `steady`, the warm-up, client timeouts, injected latencies and
`recovers_within` are wall time always. Texts like `60m@clock` are lifetimes of the incident: they are divided by the
default compression once, and become plain durations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from harness.spec.durations import parse_duration, shown

_COMPRESSION = re.compile(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*x\s*")
_CLOCK_VALUE = re.compile(r"(?P<text>[\w.+-]*(?:\s*\d[\d.]*\s*(?:ms|s|m|h))*)@clock\b")


def parse_compression(value: object) -> float:
    """'240x' -> 240.0. ValueError without the x, at 0, and on anything else."""
    match = _COMPRESSION.fullmatch(value) if isinstance(value, str) else None
    if match and float(match[1]) > 0:
        return float(match[1])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"a compression is written with an x: {value}x instead of {value}")
    raise ValueError(f"{shown(value)} is not a compression; write 240x for 240 incident seconds a second")


@dataclass(frozen=True, slots=True)
class Clock:
    """Compression by default and per phase. `incident`: whether the file (or `--clock`) has an incident clock."""

    default: float = 1.0
    phases: Mapping[str, float] = field(default_factory=dict)
    t0: str = ""
    incident: bool = False

    def of(self, phase: str) -> float:
        """Incident seconds per second of wall time in `phase`."""
        return self.phases.get(phase, self.default)

    def respell(self, spec: str) -> Clock:
        """The clock under `--clock SPEC`: `120x` scales all of it so that the default is 120x, phases in proportion;
        `surge=60x,default=240x` sets what it names. ValueError says what to write."""
        if "=" not in spec:
            default = parse_compression(spec)
            scaled = {name: value * default / self.default for name, value in self.phases.items()}
            return replace(self, default=default, phases=scaled, incident=True)
        default, phases = self.default, dict(self.phases)
        for part in spec.split(","):
            name, equals, value = (word.strip() for word in part.partition("="))
            if not equals or not name:
                raise ValueError(f"{shown(part)} is not PHASE=COMPRESSION; write 120x, or surge=60x,default=240x")
            if name == "default":
                default = parse_compression(value)
            else:
                phases[name] = parse_compression(value)
        return replace(self, default=default, phases=phases, incident=True)


@dataclass(frozen=True, slots=True)
class Stretch:
    """One phase on both clocks, seconds from t=0."""

    incident_start: float
    incident_end: float
    wall_start: float
    wall_end: float


class Warp:
    """Incident seconds -> wall seconds, piecewise linear over stretches that follow one another."""

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self.stretches = tuple(stretches)

    def wall(self, incident_s: float) -> float:
        """Wall seconds from t=0; the first and the last stretch go on before and after."""
        if not self.stretches:
            return incident_s
        inside = [s for s in self.stretches if s.incident_start <= incident_s]
        stretch = inside[-1] if inside else self.stretches[0]
        length = stretch.incident_end - stretch.incident_start
        slope = (stretch.wall_end - stretch.wall_start) / length if length else 1.0
        return round(stretch.wall_start + (incident_s - stretch.incident_start) * slope, 6)


def scale_clock_values(text: str, compression: float) -> str:
    """Every `DURATION@clock` in `text` divided by `compression`: '60m@clock' at 240 -> '15s'.

    The result is a plain duration in `s` (from 1 s) or `ms`, with at most three decimals. ValueError if the part
    before `@clock` is not a duration with a unit.
    """
    return _CLOCK_VALUE.sub(lambda match: _scaled(match["text"], compression), text)


def _scaled(text: str, compression: float) -> str:
    lead = text[: len(text) - len(text.lstrip())]
    return lead + seconds_text(parse_duration(text.strip()) / compression)


def seconds_text(seconds: float) -> str:
    """Seconds as a text that programs read: '15s', '2.5s', '250ms'; never rounded down to nothing."""
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    return f"{max(seconds * 1000, 0.001):.3f}".rstrip("0").rstrip(".") + "ms"
