"""Changing a delay without letting go what waits in it. Pure.

Toxiproxy hands on at once whatever a toxic holds when that toxic is changed, and when another one is put behind it: at
each step of a climb every request in flight would arrive early. But what a toxic hands on to a *later* delay waits
there for the rest of that delay, counted from when it came in. So a delay that climbs has idle ones behind it: a step
sets the first of these, then takes the old one away, then puts a new idle one at the very end, behind an idle one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Attributes = Mapping[str, int]

DELAY = "latency_upstream"
SPARE = "latency.spare_upstream"
"""Stands for "idle delays lie behind the delay" among the toxics that are wanted; no toxic has this name."""
IDLE: Attributes = {"latency": 0, "jitter": 0}
SPARES = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One call: put a delay at the end, set one, or take one away (no attributes)."""

    verb: str
    toxic: str
    attributes: Attributes


def is_slot(toxic: str) -> bool:
    """Whether it is one of the delays of a proxy, in use or idle."""
    kind, _, stream = toxic.rpartition("_")
    return stream == "upstream" and kind.partition(".")[0] == "latency"


def kind_of(toxic: str) -> tuple[str, str]:
    """Type and direction of a toxic, from its name."""
    kind, _, stream = toxic.rpartition("_")
    return kind.partition(".")[0], stream


def folded(toxics: Mapping[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """All delays of a proxy as one, and SPARE if idle ones lie behind it. Two in use are the delay that they make."""
    slots = _slots(toxics)
    if slots in ([], [DELAY]):
        return dict(toxics)
    found = {name: attributes for name, attributes in toxics.items() if name not in slots}
    used = [name for name in slots if not _idle(toxics[name])]
    if used:
        found[DELAY] = {key: sum(toxics[name].get(key, 0) for name in used) for key in IDLE}
    if slots[-1] not in used:
        found[SPARE] = {}
    return found


def steps(wanted: Mapping[str, Attributes], toxics: Mapping[str, Attributes]) -> Iterator[Step]:
    """What brings the delays among `toxics` (as the proxy has them) to those that are wanted."""
    slots, delay = _slots(toxics), wanted.get(DELAY)
    if SPARE not in wanted:
        yield from _alone(slots, delay, toxics)
        return
    used = [name for name in slots if not _idle(toxics[name])]
    idle = slots[slots.index(used[-1]) + 1 :] if used else slots
    after = _number(slots[-1]) if slots else -1
    if delay is None:
        yield from (Step("remove", name, {}) for name in used)
    elif [toxics[name] for name in used] != [delay]:
        if idle:
            yield Step("set", idle[0], delay)
            yield from (Step("remove", name, {}) for name in slots[: slots.index(idle[0])])
            idle = idle[1:]
        elif used:  # it did not climb until now: what waits is let go this once
            yield Step("set", used[-1], delay)
            yield from (Step("remove", name, {}) for name in used[:-1])
        else:
            after += 1
            yield Step("add", _name(after), delay)
    for number in range(SPARES - len(idle)):
        yield Step("add", _name(after + 1 + number), IDLE)


def _alone(slots: list[str], delay: Attributes | None, toxics: Mapping[str, Attributes]) -> Iterator[Step]:
    """One delay, or none, and nothing idle. The new one is put behind the others before these go."""
    if delay is not None and DELAY not in slots:
        yield Step("add", DELAY, delay)
    elif delay is not None and toxics[DELAY] != delay:
        yield Step("set", DELAY, delay)
    yield from (Step("remove", name, {}) for name in slots if delay is None or name != DELAY)


def _slots(toxics: Mapping[str, object]) -> list[str]:
    """In the order in which bytes pass them: that in which they were put there."""
    return sorted(filter(is_slot, toxics), key=_number)


def _name(number: int) -> str:
    return f"latency.{number}_upstream" if number else DELAY


def _number(slot: str) -> int:
    return int(slot.rpartition("_")[0].partition(".")[2] or 0)


def _idle(attributes: Attributes) -> bool:
    return not any(attributes.values())
