"""What one edge says about one injection."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MIN_N = 5
"""Fewer observations than this prove nothing and contradict nothing."""


class Says(StrEnum):
    """Proved; contradicted: traffic enough, and no effect; thin: too little traffic to tell; idle: none; masked."""

    PROVED = "proved"
    CONTRADICTED = "contradicted"
    THIN = "thin"
    IDLE = "idle"
    MASKED = "masked"


@dataclass(frozen=True, slots=True)
class EdgeProof:
    """One edge's evidence. `before` and `during` are in seconds, shares or per second, as `measure` says."""

    edge: str
    says: Says
    measure: str
    before: float | None = None
    during: float | None = None
    n_before: int = 0
    n_during: int = 0
    reason: str = ""
