"""What holds on one edge at one moment: several faults on one edge compose into one state, or are refused.

The controller sends effects per injection; the agent composes them, so that it can drop a single one at its
deadline with nobody alive. Both sides use this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from harness.model.request_fault import RequestFault, check_together


class Cut(StrEnum):
    """How packets of an edge are cut: silently, or with a reset."""

    NONE = ""
    DROP = "drop"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Effect:
    """One injection's part on one edge. A share below 1 acts on that share of new connections.

    `requests` acts on single requests instead, on an edge that has a proxy for requests; it stands alone.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    rate_kbps: int = 0
    cut: Cut = Cut.NONE
    share: float = 1.0
    requests: RequestFault | None = None

    def to_wire(self) -> dict[str, object]:
        """A JSON-ready dict; fields at their default are left out."""
        wire: dict[str, object] = {
            "latency_ms": self.latency_ms,
            "jitter_ms": self.jitter_ms,
            "rate_kbps": self.rate_kbps,
            "cut": str(self.cut),
            "share": self.share,
            "requests": self.requests.to_wire() if self.requests else None,
        }
        return {key: value for key, value in wire.items() if value != _DEFAULTS[key]}

    @classmethod
    def from_wire(cls, wire: dict[str, object]) -> Effect:
        """Inverse of `to_wire`; ValueError names a key that it does not know."""
        unknown = wire.keys() - _DEFAULTS.keys()
        if unknown:
            raise ValueError(f"unknown effect field {sorted(unknown)[0]!r}; known: {', '.join(_DEFAULTS)}")
        full = _DEFAULTS | wire
        return cls(
            latency_ms=int(str(full["latency_ms"])),
            jitter_ms=int(str(full["jitter_ms"])),
            rate_kbps=int(str(full["rate_kbps"])),
            cut=Cut(str(full["cut"])),
            share=float(str(full["share"])),
            requests=RequestFault.from_wire(full["requests"]) if isinstance(full["requests"], dict) else None,
        )


_DEFAULTS: dict[str, object] = {"latency_ms": 0, "jitter_ms": 0, "rate_kbps": 0, "cut": "", "share": 1.0}
_DEFAULTS["requests"] = None


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What an edge's proxy and packet filter must do, after composing all effects.

    `cut` holds for the whole edge. `drop_share` and `reset_share` of new connections are cut before the proxy, the
    rest passes it; `slow_share` of what passes (1 = all, live connections too) gets the delay and the rate.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    rate_kbps: int = 0
    slow_share: float = 1.0
    cut: Cut = Cut.NONE
    drop_share: float = 0.0
    reset_share: float = 0.0
    standing_ms: int = 0
    """The distance between regions: always there, also on connections outside `slow_share`."""
    requests: tuple[RequestFault, ...] = ()
    """What befalls single requests; each counts for itself, the first that answers wins, delays add."""


def compose(effects: Iterable[Effect], standing_ms: int = 0) -> EdgeState:
    """One state out of all effects on an edge.

    Delays add, the smallest rate wins, a full reset wins over a full drop (a refused port answers), shares of
    independent cuts join as 1 − Π(1 − s). Two slow effects with different shares below 1 cannot be one state:
    ValueError (refused at plan time), and so are request faults that exclude each other.
    """
    effects = tuple(effects)
    requests = tuple(effect.requests for effect in effects if effect.requests is not None)
    latency = jitter = rate = 0
    slow_shares: set[float] = set()
    keep = {Cut.DROP: 1.0, Cut.RESET: 1.0}
    for effect in effects:
        if effect.requests is not None:
            continue
        if effect.cut is not Cut.NONE:
            keep[effect.cut] *= 1 - effect.share
            continue
        latency, jitter = latency + effect.latency_ms, jitter + effect.jitter_ms
        rate = min(rate, effect.rate_kbps) if rate and effect.rate_kbps else rate or effect.rate_kbps
        slow_shares.add(effect.share)
    if len(slow_shares) > 1:
        raise ValueError(f"slow effects with different shares on one edge: {sorted(slow_shares)}; give them one share")
    check_together(requests, rate_kbps=rate)
    drop, reset = 1 - keep[Cut.DROP], 1 - keep[Cut.RESET]
    cut = Cut.RESET if reset >= 1 else Cut.DROP if drop >= 1 else Cut.NONE
    return EdgeState(
        latency_ms=latency,
        jitter_ms=jitter,
        rate_kbps=rate,
        slow_share=slow_shares.pop() if slow_shares else 1.0,
        cut=cut,
        drop_share=0.0 if cut else round(drop, 6),
        reset_share=0.0 if cut else round(reset, 6),
        standing_ms=standing_ms,
        requests=requests,
    )
