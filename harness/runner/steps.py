"""Steps of the timeline on their clock: begun when due, each on a thread of its own, written down when it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from harness.model.errors import HarnessError
from harness.model.progress import Listener, StepChanged
from harness.model.step import Step, StepOutcome, StepState
from harness.runner.injector import JournalPort
from harness.runner.ports import NowUs

GRACE_S = 3.0
"""How long a step that was cut off may take to let go."""


class Doer(Protocol):
    """Carries out one step and comes back within its deadline and a little more."""

    def carry_out(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        """The outcome; HarnessError when it could not be begun. Comes back soon after `cut_off` is set."""


Post = Callable[[Callable[[], None]], None]
"""Has a function called on the run's own thread."""


class Steps:
    """All steps of one run. Every method is called on the run's own thread."""

    def __init__(
        self,
        steps: Sequence[Step],
        doer: Doer | None,
        *,
        journal: JournalPort,
        say: Listener,
        now_us: NowUs,
        post: Post,
    ) -> None:
        self._left = sorted(steps, key=lambda step: step.at_s)
        self._doer, self._journal, self._say, self._now_us, self._post = doer, journal, say, now_us, post
        self._running: dict[str, threading.Thread] = {}
        self._cut_off = threading.Event()

    def next_s(self) -> float:
        """When the next step is due; infinity without one."""
        return self._left[0].at_s if self._left else float("inf")

    def begin_due(self, wall_s: float) -> None:
        """Begin every step whose time has come."""
        while self._left and self._left[0].at_s <= wall_s:
            step = self._left.pop(0)
            self._journal.write("step_started", step=step.name, at_us=self._now_us())
            self._say(StepChanged(step.name, "started", step.words))
            thread = threading.Thread(target=self._run, args=(step,), name=f"step-{step.name}", daemon=True)
            self._running[step.name] = thread
            thread.start()

    def drop(self) -> None:
        """Nothing that is not under way is begun any more."""
        self._left = []

    def end(self) -> None:
        """The run ends: what is under way is cut off, and waited for a little."""
        self.drop()
        self._cut_off.set()
        for thread in self._running.values():
            thread.join(timeout=GRACE_S)

    def _run(self, step: Step) -> None:
        try:
            if self._doer is None:
                raise HarnessError("this run has nobody who carries out steps")
            outcome = self._doer.carry_out(step, self._cut_off)
        except HarnessError as error:
            outcome = StepOutcome(StepState.FAILED, str(error).splitlines()[0])
        except Exception as error:  # a bug of ours is not the step's failure, and never ends the run
            outcome = StepOutcome(StepState.FAILED, f"could not be carried out: {error!r}")
        at_us = self._now_us()
        self._post(lambda: self._ended(step, outcome, at_us))

    def _ended(self, step: Step, outcome: StepOutcome, at_us: int) -> None:
        self._running.pop(step.name, None)
        self._journal.write(
            "step_ended",
            step=step.name,
            at_us=at_us,
            state=str(outcome.state),
            detail=outcome.detail,
            status=outcome.status,
            took_s=round(outcome.took_s, 3),
            lines=list(outcome.lines),
        )
        self._say(StepChanged(step.name, str(outcome.state), outcome.detail))
