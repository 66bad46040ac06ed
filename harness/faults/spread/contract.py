"""What a way of spreading says about itself, shown beside the faults."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Spread:
    """A key that stands beside the fault of an item. Words as in `FaultType`."""

    kind: str
    symptom: str
    driver: str
    undo: str
    parameters: tuple[Parameter, ...]
    example: str
    proof: str
    cannot: str
