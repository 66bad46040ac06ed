"""Two image sets measured in turns within one job: is the new one worse than the old one by more than a margin?

Every round gives each side one value with its interval. The mean of the rounds, its interval and that of the difference
come from those intervals (MOVER: Zou and Donner 2008), so what the machine does slowly meets both sides alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.stats.interval import Interval, difference
from harness.gate.baseline import MORE_IS_BETTER, SHARES, Compared
from harness.gate.run import Run

Estimate = tuple[float, Interval]


def turns(rounds: int) -> str:
    """Whose turn it is: A B B A A B …, so that a drift meets both."""
    return "".join("AB" if number % 2 == 0 else "BA" for number in range(rounds))


@dataclass(frozen=True, slots=True)
class Interleaved:
    """`Reference` of a gate: the runs of side A; side B is what is judged."""

    before: Sequence[Run]
    after: Sequence[Run]

    def knows(self, verdict: dict[str, Any]) -> bool:
        """Always: whatever side A did not show is undecided."""
        return True

    def broken(self) -> list[Run]:
        """Runs of side A whose end must count whatever was measured: a fault that may still hold, a bug, a signal."""
        return [run for run in self.before if run.code in (7, 70, 130, 143)]

    def compared(self, verdict: dict[str, Any], finding: dict[str, Any], margin: float) -> Compared:
        """One objective of an experiment, side B against side A."""
        old, new = (self._mean(runs, verdict, finding) for runs in (self.before, self.after))
        if old is None or new is None:
            return Compared(old[0] if old else None, margin, "inconclusive", new[0] if new else None)
        room = margin if finding["metric"] in SHARES else margin * abs(old[0])
        gap = difference(new, old)
        worst, best = (gap.low, gap.high) if finding["metric"] in MORE_IS_BETTER else (-gap.high, -gap.low)
        answer = "passed" if worst >= -room else "failed" if best < -room else "inconclusive"
        return Compared(old[0], margin, answer, new[0])

    def _mean(self, runs: Sequence[Run], verdict: dict[str, Any], finding: dict[str, Any]) -> Estimate | None:
        """None unless every round has a value."""
        mine = [run for run in runs if run.experiment == verdict["experiment"]]
        values = [_estimate(run, finding["name"]) for run in mine]
        whole = [value for value in values if value is not None]
        return mean(whole) if whole and len(whole) == len(values) else None


def mean(values: Sequence[Estimate]) -> Estimate:
    """Mean of independent estimates with its interval."""
    n = len(values)
    middle = sum(value for value, _ in values) / n
    down = math.hypot(*(value - interval.low for value, interval in values)) / n
    up = math.hypot(*(interval.high - value for value, interval in values)) / n
    return middle, Interval(middle - down, middle + up)


def _estimate(run: Run, name: str) -> Estimate | None:
    for one in run.verdict["findings"]:
        if one["kind"] == "objective" and one["name"] == name:
            known = one["observed"] is not None and one["interval"] and None not in one["interval"]
            return (one["observed"], Interval(*one["interval"])) if known else None
    return None
