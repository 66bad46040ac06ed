"""What a metric is, what it is asked, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from harness.analysis.data.run import RunData, Window
from harness.analysis.stats.interval import ANYTHING, Interval
from harness.model.objective import Limit
from harness.model.plan import STEADY

Factor = Callable[[Limit], float | None]


@dataclass(frozen=True, slots=True)
class Question:
    """One subject over some phases. `key` names the question, so that its random numbers are its own."""

    subject: str
    windows: tuple[Window, ...]
    after: str = ""
    key: str = ""

    @property
    def seconds(self) -> float:
        """Length of all windows together."""
        return sum(end - start for start, end in self.windows) / 1e6


@dataclass(frozen=True, slots=True)
class Measured:
    """What the data say. `observed` is the metric over exactly the rows asked for; `interval` where the truth lies.

    `least` and `most` are the intervals that the smallest and the largest possible data of the same size would have
    given: an objective that neither could break is not a test. `growth` is the absolute difference to `steady` of a
    ratio. `factor` tells how many times the data would decide a limit.
    """

    observed: float | None = None
    interval: Interval | None = None
    n: int = 0
    reason: str = ""
    least: Interval = ANYTHING
    most: Interval = ANYTHING
    growth: Interval | None = None
    factor: Factor | None = None
    incident: str = ""
    baseline: float | None = None
    """The same metric in `steady`, where the metric compares with it."""
    advice: str = ""
    """A change that would decide, where it is not 'more of the same data'."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the registry. `subject` is flow, edge or probe; `unit` as people read it."""

    name: str
    unit: str
    subject: str
    meaning: str
    measure: Callable[[RunData, Question], Measured]


def steady_question(run: RunData, question: Question) -> Question | None:
    """The same question about the baseline; None if the baseline did not run."""
    window = run.windows.get(STEADY)
    return None if window is None else Question(question.subject, (window,), "", question.key + " steady")


def nothing(reason: str) -> Measured:
    """No answer, and why."""
    return Measured(reason=reason)


TO_INFINITY = Interval(math.inf, math.inf)
ZERO = Interval(0.0, 0.0)
NO_ROWS = "no request was due"
NO_STEADY = "there is no baseline to compare with"
