"""Ctrl-C, SIGTERM and a terminal that is closed: the first ends the run in order, the second stops waiting for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from harness.cli.context import current
from harness.model.errors import CleanupUnverified
from harness.runner.rig import StopClock

STOPPING = "stopping: lifting all faults, then taking down what was started (again to stop waiting)"
JUDGING = "judging what was measured"


@contextmanager
def orderly(clock: StopClock) -> Iterator[None]:
    """Within this scope the first signal asks `clock` to stop; the second raises CleanupUnverified (exit 7).

    While what was measured is judged neither does anything: a verdict is worth the moment. The third ends the process.
    """
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if old[signal.SIGHUP] is signal.SIG_IGN:  # started with nohup: it is to outlive its terminal
        del old[signal.SIGHUP]

    asked = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        clock.stop(number)
        if asked > 2:
            raise KeyboardInterrupt
        if asked == 2 and not clock.over:
            clock.over = True
            raise CleanupUnverified(
                "stopped twice: faults end by themselves within seconds, but run `regionfall heal` to be sure"
            )
        with suppress(OSError, RuntimeError):  # a terminal that is gone, or one that was being written to
            current().say(JUDGING if clock.over else STOPPING)

    try:
        for number in old:
            signal.signal(number, handle)
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
