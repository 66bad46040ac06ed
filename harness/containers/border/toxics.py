"""Which toxics an edge's state asks for, and which state a set of toxics is. Pure."""

from __future__ import annotations

from harness.model.effect import EdgeState
from harness.model.request_fault import Answer

Toxics = dict[str, dict[str, int]]
"""Toxic name (`type_stream`) -> attributes; at most one of a type and direction."""

DELAY = "latency_upstream"
"""Delay acts from client to server: in the other direction a client that gives up wedges Toxiproxy."""

RATES = ("bandwidth_upstream", "bandwidth_downstream")


def wanted_toxics(state: EdgeState) -> tuple[Toxics, Toxics | None]:
    """Toxics of the edge's listener, and of its second listener (None: not needed).

    When only a share of new connections is slow, the second listener carries the slowness and the first one only the
    distance that always stands.
    """
    standing = _toxics(state.standing_ms, 0, 0)
    slow = _toxics(state.standing_ms + state.latency_ms, state.jitter_ms, state.rate_kbps)
    if state.slow_share >= 1 or slow == standing:
        return slow, None
    return standing, slow


LIMIT = "limit_data_downstream"


def cutting_toxics(state: EdgeState) -> Toxics | None:
    """Toxics of the listener that cuts answers short (None: not needed): as slow as the whole edge is, and the cut."""
    after = next((fault.after_bytes for fault in state.requests if fault.answer is Answer.CUT), 0)
    return wanted_toxics(state)[0] | {LIMIT: {"bytes": after}} if after else None


def _toxics(latency_ms: int, jitter_ms: int, rate_kbps: int) -> Toxics:
    toxics: Toxics = {}
    if latency_ms or jitter_ms:
        toxics[DELAY] = {"latency": latency_ms, "jitter": jitter_ms}
    if rate_kbps:
        toxics |= {name: {"rate": rate_kbps} for name in RATES}
    return toxics


def slowness(toxics: Toxics, standing_ms: int) -> tuple[int, int, int]:
    """Latency, jitter (ms) and rate (kB/s) that toxics stand for, the standing distance taken off.

    Toxics that are not ours are nothing that was ever wanted: all three are -1.
    """
    if toxics.keys() - {DELAY, *RATES}:
        return -1, -1, -1
    delay = toxics.get(DELAY, {})
    rates = {toxics.get(name, {}).get("rate", 0) for name in RATES}
    return int(delay.get("latency", 0)) - standing_ms, int(delay.get("jitter", 0)), min(rates)
