"""How two monotonic clocks stand to each other, from a few round trips. Pure."""

from __future__ import annotations

from dataclasses import dataclass

ROUNDS = 12
_GRAIN_US = 50


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Asked and answered on the controller's clock, and the other side's clock in between; µs."""

    sent_us: int
    received_us: int
    there_us: int


def offset_us(trips: list[RoundTrip]) -> int:
    """What to add to the controller's clock to get the other one, µs; exact to half the quickest round trip.

    Zero when the quickest trip cannot tell the clocks apart: on one machine they are the same clock.
    """
    best = min(trips, key=lambda trip: trip.received_us - trip.sent_us)
    offset = best.there_us - (best.sent_us + best.received_us) // 2
    uncertain = (best.received_us - best.sent_us) // 2 + _GRAIN_US
    return 0 if abs(offset) <= uncertain else offset
