"""Exit codes across runs (surface.md §6)."""

from __future__ import annotations

from collections.abc import Sequence

PRECEDENCE = (7, 70, 130, 143, 5, 1, 4, 3, 0)
"""The first of these that occurs is the code of all."""


def fold(codes: Sequence[int]) -> int:
    """One code for several runs; 0 for none."""
    return next((code for code in PRECEDENCE if code in codes), max(codes, default=0))
