"""The journal's lines as questions: where on the run's clock, what became of each injection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.fault import Injection

Event = Mapping[str, Any]
LONGEST_US = 30 * 86_400 * 1_000_000
"""No run lasts 30 days: a moment further off is damage, and what is counted second by second would fill the memory."""


class Events:
    """Events of one run in order. Odd or missing fields never raise: a journal may end anywhere."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        anchors = [number(event.get("load_start_mono")) for event in events if event.get("event") == "anchor"]
        self._origin = next((anchor for anchor in anchors if anchor is not None), None)

    def named(self, *names: str) -> Iterator[Event]:
        """Events with one of these names, in order."""
        return (event for event in self._events if event.get("event") in names)

    def last(self, name: str) -> Event:
        """The last event of that name, or an empty one."""
        found: Event = {}
        for event in self.named(name):
            found = event
        return found

    def at_us(self, event: Event) -> int | None:
        """When it happened on the run's clock; None where nothing says so."""
        stated = number(event.get("at_us"))
        mono = number(event.get("mono"))
        if stated is None and mono is not None and self._origin is not None:
            stated = (mono - self._origin) * 1e6
        return None if stated is None or abs(stated) > LONGEST_US else round(stated)


@dataclass(frozen=True, slots=True)
class Hold:
    """How long an injection really held; microseconds of the run's clock. `state` as in verdict.json, plus `lost`."""

    injection: Injection
    state: str = "pending"
    start_us: int | None = None
    end_us: int | None = None
    lost: str = ""
    began: bool = False
    """It was asked for (whether or not it came to hold)."""
    changes: tuple[int, ...] = ()
    """When its effect had changed while it held: steps of a climb; gone, come, gone, … of a fault that flaps."""
    took_s: float = 0.0
    """From the call until it held by read-back: a service that is stopped ends in order first."""

    @property
    def held_s(self) -> float:
        """Seconds that it held; 0 if it never did."""
        return 0.0 if self.start_us is None or self.end_us is None else max(0, self.end_us - self.start_us) / 1e6

    @property
    def window(self) -> tuple[int, int] | None:
        """Half-open interval of the hold, None if it never held."""
        return None if self.start_us is None or self.end_us is None else (self.start_us, self.end_us)


def hold_of(injection: Injection, events: Events, end_us: int) -> Hold:
    """The life of one injection; one that was never healed counts as holding until `end_us`."""
    state, start, end, lost, began, asked = "pending", None, None, "", False, None
    for event in events.named(*(f"injection_{name}" for name in ("pending", "holding", "lost", "healed", "stuck"))):
        if event.get("injection") != injection.id:
            continue
        at, what = events.at_us(event), str(event["event"]).removeprefix("injection_")
        began = True
        if what == "pending" and asked is None:
            asked = at
        if what == "holding" and start is None:
            start = at
        if what == "lost":
            lost = str(event.get("reason") or "it no longer held")
        if what in ("lost", "healed") and end is None and start is not None:
            end = at
        state = what
    if start is not None and end is None:
        end = max(end_us, start)
    changed = [
        events.at_us(event) for event in events.named("injection_changed") if event.get("injection") == injection.id
    ]
    took_s = 0.0 if start is None or asked is None else max(0, start - asked) / 1e6
    return Hold(injection, state, start, end, lost, began, tuple(at for at in changed if at is not None), took_s)


def number(value: object) -> float | None:
    """A finite number as float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None
