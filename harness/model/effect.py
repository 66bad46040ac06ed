"""What holds on one edge at one moment: several faults on one edge compose into one state, or are refused.

The controller sends effects per injection; the agent composes them, so that it can drop a single one at its
deadline with nobody alive. Both sides use this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from harness.model.names import NameRule, answered_once
from harness.model.request_fault import RequestFault, check_together
from harness.model.shape import NO_SHAPE, Ending, Shape


class Cut(StrEnum):
    """How packets of an edge are cut: silently, or with a reset."""

    NONE = ""
    DROP = "drop"
    RESET = "reset"


class Way(StrEnum):
    """Which direction an effect acts on. BOTH is each effect's usual one: delays act on requests, the rest on both."""

    BOTH = ""
    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Effect:
    """One injection's part on one edge. A share below 1 acts on that share of new connections.

    `lost` is a share of new connections that is dropped besides, 0–1.
    `requests` acts on single requests instead, on an edge that has a proxy for requests; it stands alone.
    `kill_ms`: live connections are reset on both sides when it begins, and again so often (0: not at all, -1: only when
    it begins). `ending` with `amount` (milliseconds, or bytes for `limit_data`) ends connections; `slice_bytes` with
    `slice_vary` and `gap_us` cuts answers into pieces. The last two act on answers, whatever `way` says.
    `name` acts on look-ups of the callee's name by the caller, whatever the port.
    `climbs`: its latency is one step of several; those who wait when the next one comes wait on.
    """

    latency_ms: int = 0
    jitter_ms: int = 0
    rate_kbps: int = 0
    cut: Cut = Cut.NONE
    share: float = 1.0
    requests: RequestFault | None = None
    way: Way = Way.BOTH
    kill_ms: int = 0
    ending: Ending = Ending.NONE
    amount: int = 0
    lost: float = 0.0
    slice_bytes: int = 0
    slice_vary: int = 0
    gap_us: int = 0
    name: NameRule | None = None
    climbs: bool = False

    def to_wire(self) -> dict[str, object]:
        """A JSON-ready dict; fields at their default are left out."""
        wire = {field.name: getattr(self, field.name) for field in fields(self)}
        wire["requests"] = self.requests.to_wire() if self.requests else None
        wire["name"] = self.name.to_wire() if self.name else None
        return {key: value for key, value in wire.items() if value != _DEFAULTS[key]}

    @classmethod
    def from_wire(cls, wire: dict[str, object]) -> Effect:
        """Inverse of `to_wire`; ValueError names a key that it does not know."""
        unknown = wire.keys() - _DEFAULTS.keys()
        if unknown:
            raise ValueError(f"unknown effect field {sorted(unknown)[0]!r}; known: {', '.join(_DEFAULTS)}")
        read: dict[str, Any] = {
            key: type(_DEFAULTS[key])(str(value)) for key, value in wire.items() if key not in _NOT_PLAIN
        }
        requests, name = wire.get("requests"), wire.get("name")
        return cls(
            **read,
            requests=RequestFault.from_wire(requests) if isinstance(requests, dict) else None,
            name=None if name is None else NameRule.from_wire(name),
            climbs=wire.get("climbs") is True,
        )

    @property
    def idle(self) -> bool:
        """Whether it does nothing, as in the off times of a fault that flaps."""
        return self == Effect()

    @property
    def cuts_only(self) -> bool:
        """Whether it cuts the whole edge and does nothing else: all that a UDP edge can take."""
        return self.cut is not Cut.NONE and self == Effect(cut=self.cut, way=self.way)

    @property
    def shape(self) -> Shape:
        """What the proxy must do to the bytes."""
        answers, requests = self.way is Way.RESPONSE, self.way is Way.REQUEST
        return Shape(
            latency_ms=0 if answers else self.latency_ms,
            jitter_ms=0 if answers else self.jitter_ms,
            back_latency_ms=self.latency_ms if answers else 0,
            back_jitter_ms=self.jitter_ms if answers else 0,
            rate_kbps=0 if answers else self.rate_kbps,
            back_rate_kbps=0 if requests else self.rate_kbps,
            slice_bytes=self.slice_bytes,
            slice_vary=self.slice_vary,
            gap_us=self.gap_us,
            ending=self.ending,
            amount=self.amount,
            climbs=self.climbs and not answers,
        )


_NOT_PLAIN = ("requests", "name", "climbs")
"""Fields that are no number or word."""
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Effect)}


@dataclass(frozen=True, slots=True)
class EdgeState:
    """What an edge's proxy and packet filter must do, after composing all effects.

    `cut` holds for the whole edge, in the direction `cut_way`. `drop_share` and `reset_share` of new connections are
    cut before the proxy, the rest passes it; `shape` acts on `slow_share` of what passes (1 = all, live ones too).
    """

    shape: Shape = NO_SHAPE
    slow_share: float = 1.0
    cut: Cut = Cut.NONE
    cut_way: Way = Way.BOTH
    drop_share: float = 0.0
    reset_share: float = 0.0
    standing_ms: int = 0
    """The distance between regions: always there, also on connections outside `slow_share`."""
    requests: tuple[RequestFault, ...] = ()
    """What befalls single requests; each counts for itself, the first that answers wins, delays add."""
    names: tuple[NameRule, ...] = ()
    """What befalls look-ups of the callee's name; each counts for itself, the first wrong answer wins, delays add."""


def compose(effects: Iterable[Effect], standing_ms: int = 0) -> EdgeState:
    """One state out of all effects on an edge; ValueError if they cannot be one (refused at plan time).

    Shapes join (`Shape.joined`), a full reset wins over a full drop (a refused port answers), a cut of both directions
    over a cut of one, shares of independent cuts join as 1 − Π(1 − s). Shapes with different shares cannot be one
    state, nor can a reset of live connections be seen through a silent cut, nor can request faults that exclude each
    other, or that cut answers on which something else acts already.
    """
    shape, shares, ways = NO_SHAPE, set[float](), set[Way]()
    effects = tuple(effects)
    requests = tuple(effect.requests for effect in effects if effect.requests is not None)
    names = tuple(effect.name for effect in effects if effect.name is not None)
    answered_once(names)
    keep = {Cut.DROP: 1.0, Cut.RESET: 1.0}
    kills = False
    for effect in effects:
        kills = kills or bool(effect.kill_ms)
        keep[Cut.DROP] *= 1 - effect.lost
        if effect.cut is not Cut.NONE and effect.way is Way.BOTH:
            keep[effect.cut] *= 1 - effect.share
        elif effect.cut is not Cut.NONE:
            ways.add(effect.way)
        elif effect.shape != NO_SHAPE:
            shape = shape.joined(effect.shape)
            shares.add(effect.share)
    if len(shares) > 1:
        raise ValueError(f"slow effects with different shares on one edge: {sorted(shares)}; give them one share")
    check_together(requests, on_answers=shape.ending or shape.on_answers)
    drop, reset = 1 - keep[Cut.DROP], 1 - keep[Cut.RESET]
    cut, way = _cut(drop, reset, ways)
    if kills and cut is Cut.DROP:
        raise ValueError("a reset of live connections cannot be seen while packets vanish; let one end first")
    return EdgeState(
        shape=shape,
        slow_share=shares.pop() if shares else 1.0,
        cut=cut,
        cut_way=way,
        drop_share=0.0 if cut and way is Way.BOTH else round(drop, 6),
        reset_share=0.0 if cut and way is Way.BOTH else round(reset, 6),
        standing_ms=standing_ms,
        requests=requests,
        names=names,
    )


def _cut(drop: float, reset: float, ways: set[Way]) -> tuple[Cut, Way]:
    """What is cut on the whole edge, and in which direction."""
    if reset >= 1:
        return Cut.RESET, Way.BOTH
    if drop >= 1 or len(ways) > 1:
        return Cut.DROP, Way.BOTH
    return (Cut.DROP, ways.pop()) if ways else (Cut.NONE, Way.BOTH)
