"""flap: any fault that acts on edges comes and goes with a period."""

from __future__ import annotations

from collections.abc import Iterable

from harness.faults.contract import ParameterError
from harness.faults.parameters import Parameter, Unit
from harness.faults.spread.contract import Spread
from harness.model.fault import Flap
from harness.model.units import duration_text

SHORTEST_S = 2.0
"""Less cannot be proved: neither that it bites, nor that it was away."""


def build(on_s: float, off_s: float, hold_s: float) -> Flap:
    """The whole times that fit into a hold of `hold_s` wall seconds; ParameterError if it cannot be proved so."""
    for name, value in (("on", on_s), ("off", off_s)):
        if value < SHORTEST_S:
            text = f"{name} for {duration_text(value)} cannot be proved; write at least {duration_text(SHORTEST_S)}"
            raise ParameterError(name, text)
    # A part that the end of the hold would cut short is left out: each time is as long as was asked for.
    times = int((hold_s + off_s + 1e-9) / (on_s + off_s))
    if times < 2:
        least = duration_text(2 * on_s + off_s)
        text = f"a hold of {duration_text(hold_s)} has room for less than two times {duration_text(on_s)}"
        raise ParameterError("", f"{text}; let it hold for at least {least}")
    return Flap(on_s, off_s, times)


def is_on(flap: Flap, elapsed_s: float) -> bool:
    """Whether the fault acts `elapsed_s` after its start."""
    number, into = divmod(max(elapsed_s, 0.0) + 1e-9, flap.on_s + flap.off_s)
    return number < flap.times and into < flap.on_s


def changes(flap: Flap) -> Iterable[float]:
    """Seconds after its start at which it goes or comes."""
    for number in range(flap.times):
        begins = number * (flap.on_s + flap.off_s)
        yield from (begins, begins + flap.on_s) if number else (flap.on_s,)


def words(flap: Flap) -> str:
    """`on 4 s, off 2 s, 5 times`."""
    return f"on {duration_text(flap.on_s)}, off {duration_text(flap.off_s)}, {flap.times} times"


SPREAD = Spread(
    kind="flap",
    symptom="any fault on edges comes and goes with a period; it begins on",
    driver="the runner tells the proxies at each change; one injection all the time",
    undo="as the fault that flaps",
    parameters=(
        Parameter("on", Unit.DURATION, "how long each time; wall time", low=SHORTEST_S, short=True, example="4s"),
        Parameter("off", Unit.DURATION, "how long it stays away; as long as on", default=None, low=SHORTEST_S),
    ),
    example='{on: "orders->db", refuse: true, flap: {on: 4s, off: 3s}}',
    proof="as the fault that flaps, its times on against its times off",
    cannot="come and go faster than every 2 s; flap container faults or flags",
)
