"""One setting of a fault: its name, unit, bounds and default, and how its values look in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.model.units import bytes_text, duration_text, ratio_text


class Unit(StrEnum):
    """What people write, and in which base unit it is kept."""

    DURATION = "duration"  # seconds
    BYTE_RATE = "bytes per second"  # kilobytes (1000) per second
    BYTES = "bytes"  # bytes
    SHARE = "share"  # 0–1
    COUNT = "count"  # a whole number
    TEXT = "text"
    FLAG = "true or false"


REQUIRED = object()
"""The default of a parameter that must be written."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting as people write it. `low` and `high` are inclusive, in the base unit of `unit`.

    `default` is in the base unit as well; None is a default that depends on other things, told by `meaning`.
    `short`: the scalar form means this one (`slow: 300ms`); at most one of a fault.
    `climbs`: `20ms -> 400ms` is allowed; its value is then a pair (first, last), equal where nothing climbs.
    `choices`: the only texts allowed. `example`: a value as people write it.
    """

    name: str
    unit: Unit
    meaning: str
    default: Any = REQUIRED
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    short: bool = False
    climbs: bool = False
    example: str = ""

    @property
    def required(self) -> bool:
        """Whether it must be written."""
        return self.default is REQUIRED

    @property
    def bounds(self) -> str:
        """In words: `0 s to 10 m`, `at least 1`, `request or response`; '' without any."""
        if self.choices:
            return " or ".join(self.choices)
        if self.low is None and self.high is None:
            return ""
        low = None if self.low is None else written(self.unit, self.low)
        high = None if self.high is None else written(self.unit, self.high)
        if low is None:
            return f"up to {high}"
        return f"at least {low}" if high is None else f"{low} to {high}"

    def outside(self, value: float) -> bool:
        """Whether a value lies out of bounds."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)


def written(unit: Unit, value: Any) -> str:
    """A value in its base unit as people read it."""
    if unit is Unit.DURATION:
        return duration_text(float(value))
    if unit is Unit.BYTE_RATE:
        return f"{float(value):.10g} KB/s"
    if unit is Unit.BYTES:
        return bytes_text(float(value))
    if unit is Unit.SHARE:
        return ratio_text(float(value))
    if unit is Unit.FLAG:
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
