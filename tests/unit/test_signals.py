"""What the first, the second and the third Ctrl-C of one command do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from harness.cli.context import Context, enter
from harness.cli.options import Globals
from harness.cli.signals import orderly
from harness.model.errors import CleanupUnverified
from harness.runner.rig import StopClock


@pytest.fixture
def clock() -> Iterator[StopClock]:
    """One that signals to this process ask to stop."""
    enter(Context(Globals()))
    clock = StopClock()
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored (nohup)
    try:
        with orderly(clock):
            yield clock
    finally:
        signal.signal(signal.SIGHUP, before)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_asks_for_an_orderly_end_and_the_second_stops_waiting_for_it(
    clock: StopClock, number: signal.Signals
) -> None:
    send(number)
    assert clock.stopped and clock.signal == number and not clock.over
    with pytest.raises(CleanupUnverified, match="stopped twice.*regionfall heal"):
        send(number)


def test_what_was_given_up_is_judged_and_only_a_third_ends_that(clock: StopClock) -> None:
    send(signal.SIGINT)
    with pytest.raises(CleanupUnverified):
        send(signal.SIGINT)
    assert clock.over, "nothing waits any more"
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGTERM)


def test_while_a_run_is_judged_two_do_not_cost_its_verdict(
    clock: StopClock, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.over = True
    send(signal.SIGINT)
    send(signal.SIGINT)
    assert capsys.readouterr().err.splitlines() == ["judging what was measured"] * 2
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGINT)


HAMMERED = """
import random, signal
from harness.runner.rig import StopClock

for _ in range(3000):
    clock = StopClock()
    signal.signal(signal.SIGALRM, lambda number, frame: clock.stop(number))
    signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 4e-4))
    while not clock.stopped:
        clock.wait(0.0)
"""


def test_a_signal_in_the_middle_of_the_clocks_own_wait_does_not_hang_the_run() -> None:
    """With a lock in the clock one of these signals finds it taken, by the very thread that handles the signal."""
    subprocess.run([sys.executable, "-c", HAMMERED], check=True, timeout=60)
