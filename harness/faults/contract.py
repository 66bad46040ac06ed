"""What every fault file says about itself: words for people, and how it acts on one edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.model.effect import Effect
from harness.model.fault import Fault, Kind


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting as people write it: unit and bounds last."""

    name: str
    unit: str
    meaning: str
    bounds: str = ""


@dataclass(frozen=True, slots=True)
class FaultType:
    """One entry of the catalogue. `effect(fault, elapsed_s)` is what holds on each of its edges at that moment.

    None means that the fault does not act on edges (service flags).
    """

    kind: Kind
    symptom: str
    driver: str
    parameters: tuple[Parameter, ...]
    example: str
    proof: str
    cannot: str
    effect: Callable[[Fault, float], Effect | None]


SHARE = Parameter(
    "share", "share of new connections", "how many of the new connections it hits; live ones go on", "above 0 to 100 %"
)
