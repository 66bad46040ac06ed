"""Rungs of an undo: in order, each told, none of them waited for longer than its deadline."""

from __future__ import annotations

import threading

from harness.runner.ladder import Rung, Tried, climb


def never() -> bool:
    threading.Event().wait()
    return True


def broken() -> bool:
    raise OSError("the engine went away")


def test_the_first_clean_rung_ends_the_climb() -> None:
    told: list[Tried] = []
    asked: list[str] = []

    def rung(name: str, clean: bool) -> Rung:
        return Rung(name, 5.0, lambda: asked.append(name) or clean)  # type: ignore[func-returns-value]

    assert climb([rung("ask", False), rung("restart", True), rung("anew", True)], told.append)
    assert asked == ["ask", "restart"]
    assert [(tried.name, tried.clean, tried.reason) for tried in told] == [
        ("ask", False, "something is left"),
        ("restart", True, ""),
    ]


def test_a_rung_that_raises_or_hangs_is_told_and_left_behind() -> None:
    told: list[Tried] = []
    rungs = [Rung("ask", 5.0, broken), Rung("restart", 0.05, never), Rung("anew", 5.0, lambda: True)]
    assert climb(rungs, told.append)
    assert [tried.reason for tried in told] == ["OSError: the engine went away", "not done within 0.05 s", ""]


def test_no_clean_rung_is_a_fault_that_may_still_hold() -> None:
    assert not climb([Rung("ask", 5.0, lambda: False), Rung("restart", 5.0, broken)], lambda tried: None)
    assert not climb([], lambda tried: None)
