"""What a proxy does to the bytes of an edge: delays, limits, slices, and how it ends connections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """Ways of ending a connection early or late; names as Toxiproxy has them."""

    NONE = ""
    SLOW_CLOSE = "slow_close"
    TIMEOUT = "timeout"
    RESET_PEER = "reset_peer"
    LIMIT_DATA = "limit_data"


@dataclass(frozen=True, slots=True)
class Shape:
    """Requests first (caller to callee), answers with `back_`. Times in ms, rates in kB/s; 0 is "nothing".

    Slices and endings act on answers. `amount` belongs to `ending`: bytes for `limit_data`, else milliseconds (0 for
    `timeout`: it never closes by itself). `climbs`: the delay of requests will change while requests wait in it, and
    must not let them go then.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    back_latency_ms: int = 0
    back_jitter_ms: int = 0
    rate_kbps: int = 0
    back_rate_kbps: int = 0
    slice_bytes: int = 0
    slice_vary: int = 0
    gap_us: int = 0
    ending: Ending = Ending.NONE
    amount: int = 0
    climbs: bool = False

    def joined(self, other: Shape) -> Shape:
        """Both at once: delays add, the smallest rate and slice win. ValueError if no proxy can do both.

        An ending must be alone among what acts on answers: a second toxic in its direction, added or removed under
        traffic, crashes Toxiproxy (2.12).
        """
        ending, amount = self._ending(other)
        both = Shape(
            latency_ms=self.latency_ms + other.latency_ms,
            jitter_ms=self.jitter_ms + other.jitter_ms,
            back_latency_ms=self.back_latency_ms + other.back_latency_ms,
            back_jitter_ms=self.back_jitter_ms + other.back_jitter_ms,
            rate_kbps=_least(self.rate_kbps, other.rate_kbps),
            back_rate_kbps=_least(self.back_rate_kbps, other.back_rate_kbps),
            slice_bytes=_least(self.slice_bytes, other.slice_bytes),
            slice_vary=_least(self.slice_vary, other.slice_vary),
            gap_us=self.gap_us + other.gap_us,
            ending=ending,
            amount=amount,
            climbs=self.climbs or other.climbs,
        )
        besides = both.on_answers
        if ending and besides:
            raise ValueError(f"{ending} and {besides} both act on answers, and one proxy cannot do both safely")
        return both

    @property
    def on_answers(self) -> str:
        """What acts on answers besides an ending, in a word; '' for nothing."""
        if self.back_rate_kbps:
            return "bandwidth"
        if self.back_latency_ms or self.back_jitter_ms:
            return "slow answers"
        return "slicer" if self.slice_bytes else ""

    def _ending(self, other: Shape) -> tuple[Ending, int]:
        if not self.ending or not other.ending:
            return (self.ending, self.amount) if self.ending else (other.ending, other.amount)
        if self.ending is not other.ending:
            raise ValueError(f"{self.ending} and {other.ending} both end connections, and one proxy can do one of them")
        if self.ending is Ending.SLOW_CLOSE:
            return self.ending, self.amount + other.amount
        if self.ending is Ending.TIMEOUT:
            return self.ending, _least(self.amount, other.amount)
        return self.ending, min(self.amount, other.amount)


NO_SHAPE = Shape()


def _least(one: int, other: int) -> int:
    """The smaller of two limits; 0 is no limit."""
    return min(one, other) if one and other else one or other
