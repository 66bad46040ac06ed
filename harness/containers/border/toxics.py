"""Which toxics an edge's state asks for, and which state a set of toxics is. Pure.

At most one toxic of a kind and direction. One that ends connections is alone in the direction of answers: two there,
one of them an ending, crash Toxiproxy when they come or go under traffic (`Shape.joined` refuses it).
"""

from __future__ import annotations

from dataclasses import replace

from harness.containers.border.spares import DELAY, SPARE
from harness.model.effect import EdgeState
from harness.model.request_fault import Answer
from harness.model.shape import Ending, Shape

Toxics = dict[str, dict[str, int]]
"""Toxic name (`type_stream`) -> attributes; at most one of a type and direction."""

BACK_DELAY = "latency_downstream"
"""DELAY acts from client to server: in the other direction a client that gives up wedges Toxiproxy."""

RATE, BACK_RATE = "bandwidth_upstream", "bandwidth_downstream"
SLICER = "slicer_downstream"
ENDINGS = {
    f"{Ending.SLOW_CLOSE}_downstream": (Ending.SLOW_CLOSE, "delay"),
    f"{Ending.TIMEOUT}_downstream": (Ending.TIMEOUT, "timeout"),
    f"{Ending.RESET_PEER}_downstream": (Ending.RESET_PEER, "timeout"),
    f"{Ending.LIMIT_DATA}_downstream": (Ending.LIMIT_DATA, "bytes"),
}
"""Toxic -> the ending that it is, and the attribute that holds its amount."""

_KNOWN = {DELAY, SPARE, BACK_DELAY, RATE, BACK_RATE, SLICER, *ENDINGS}


def wanted_toxics(state: EdgeState) -> tuple[Toxics, Toxics | None]:
    """Toxics of the edge's listener, and of its second listener (None: not needed).

    When only a share of new connections is shaped, the second listener carries the shape and the first one only the
    distance that always stands.
    """
    standing = _toxics(Shape(latency_ms=state.standing_ms))
    shaped = _toxics(replace(state.shape, latency_ms=state.shape.latency_ms + state.standing_ms))
    if state.slow_share >= 1 or shaped == standing:
        return shaped, None
    return standing, shaped


LIMIT = "limit_data_downstream"


def cutting_toxics(state: EdgeState) -> Toxics | None:
    """Toxics of the listener that cuts answers short (None: not needed): as slow as the whole edge is, and the cut."""
    after = next((fault.after_bytes for fault in state.requests if fault.answer is Answer.CUT), 0)
    return wanted_toxics(state)[0] | {LIMIT: {"bytes": after}} if after else None


def _toxics(shape: Shape) -> Toxics:
    toxics: Toxics = {}
    if shape.latency_ms or shape.jitter_ms:
        toxics[DELAY] = {"latency": shape.latency_ms, "jitter": shape.jitter_ms}
    if shape.climbs:
        toxics[SPARE] = {}
    if shape.back_latency_ms or shape.back_jitter_ms:
        toxics[BACK_DELAY] = {"latency": shape.back_latency_ms, "jitter": shape.back_jitter_ms}
    if shape.rate_kbps:
        toxics[RATE] = {"rate": shape.rate_kbps}
    if shape.back_rate_kbps:
        toxics[BACK_RATE] = {"rate": shape.back_rate_kbps}
    if shape.slice_bytes:
        sizes = {"average_size": shape.slice_bytes, "size_variation": shape.slice_vary}
        toxics[SLICER] = {**sizes, "delay": shape.gap_us}
    for name, (ending, attribute) in ENDINGS.items():
        if shape.ending is ending:
            toxics[name] = {attribute: shape.amount}
    return toxics


def shape_of(toxics: Toxics, standing_ms: int) -> Shape | None:
    """The shape that toxics stand for, the standing distance taken off; None if some are not ours."""
    if toxics.keys() - _KNOWN:
        return None

    def number(toxic: str, attribute: str) -> int:
        return int(toxics.get(toxic, {}).get(attribute, 0))

    ending, amount = next(
        ((ending, number(name, attribute)) for name, (ending, attribute) in ENDINGS.items() if name in toxics),
        (Ending.NONE, 0),
    )
    shape = Shape(
        latency_ms=number(DELAY, "latency") - standing_ms,
        jitter_ms=number(DELAY, "jitter"),
        back_latency_ms=number(BACK_DELAY, "latency"),
        back_jitter_ms=number(BACK_DELAY, "jitter"),
        rate_kbps=number(RATE, "rate"),
        back_rate_kbps=number(BACK_RATE, "rate"),
        slice_bytes=number(SLICER, "average_size"),
        slice_vary=number(SLICER, "size_variation"),
        gap_us=number(SLICER, "delay"),
        ending=ending,
        amount=amount,
        climbs=SPARE in toxics,
    )
    # A toxic of nothing, or two endings at once: also none of ours.
    return shape if _toxics(replace(shape, latency_ms=shape.latency_ms + standing_ms)) == toxics else None
