"""Rungs of an undo, climbed until one of them is seen to hold: each with a deadline of its own, each told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to undo. `undo` answers by read-back whether nothing is left; what it raises counts as no."""

    name: str
    deadline_s: float
    undo: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one rung."""

    name: str
    clean: bool
    seconds: float
    reason: str = ""


def climb(
    rungs: Iterable[Rung], told: Callable[[Tried], None], monotonic: Callable[[], float] = time.monotonic
) -> bool:
    """Try rung after rung; True with the first that is clean. One that hangs is left behind at its deadline."""
    for rung in rungs:
        tried = _tried(rung, monotonic)
        told(tried)
        if tried.clean:
            return True
    return False


def _tried(rung: Rung, monotonic: Callable[[], float]) -> Tried:
    found: list[bool] = []
    raised: list[BaseException] = []

    def body() -> None:
        try:
            found.append(rung.undo())
        except Exception as error:  # whatever an adapter says, the answer is: not verified
            raised.append(error)

    begun = monotonic()
    thread = threading.Thread(target=body, name=f"undo-{rung.name}", daemon=True)
    thread.start()
    thread.join(rung.deadline_s)
    seconds = round(monotonic() - begun, 3)
    if raised:
        return Tried(rung.name, False, seconds, f"{type(raised[0]).__name__}: {raised[0]}")
    if not found:
        return Tried(rung.name, False, seconds, f"not done within {rung.deadline_s:g} s")
    return Tried(rung.name, found[0], seconds, "" if found[0] else "something is left")
