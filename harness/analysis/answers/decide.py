"""One limit against one measurement: three answers. Point estimates never decide an objective."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.metrics.base import Measured
from harness.analysis.stats.advice import holds, inside, more_text, outside
from harness.analysis.stats.interval import Interval
from harness.model.finding import Answer
from harness.model.objective import Limit

NEVER = "never"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and what a reader must know about it."""

    answer: Answer
    reason: str = ""


def decide(limit: Limit, measured: Measured, *, rate_per_s: float = 0.0, seconds: float = 0.0) -> Decision:
    """PASSED: the whole interval is good. FAILED: the whole interval is bad. Else INCONCLUSIVE, with a way out.

    `rate_per_s` and `seconds` are those of the data, for the advice.
    """
    if limit.text.strip() == NEVER:
        return _never(measured)
    if measured.interval is None:
        return Decision(Answer.INCONCLUSIVE, measured.reason)
    if _bad(limit, measured):
        return Decision(Answer.FAILED, measured.reason)
    if not can_fail(limit, measured):
        return Decision(Answer.INCONCLUSIVE, _joined(measured.reason, _toothless(limit, measured, rate_per_s, seconds)))
    if _good(limit, measured):
        return Decision(Answer.PASSED, measured.reason)
    return Decision(Answer.INCONCLUSIVE, _joined(measured.reason, _undecided(limit, measured, rate_per_s, seconds)))


def decide_tolerance(limit: Limit, measured: Measured, *, rate_per_s: float = 0.0, seconds: float = 0.0) -> Decision:
    """The same for a range LOW..HIGH of a signature check, where the range itself is the tolerance.

    Observed: the value lies in the range and is known at least as well as the range is wide.
    """
    strict = decide(limit, measured, rate_per_s=rate_per_s, seconds=seconds)
    ranged = limit.low is not None and limit.high is not None
    if strict.answer is not Answer.INCONCLUSIVE or not ranged or measured.interval is None:
        return strict
    if measured.observed is None or not can_fail(limit, measured) or not holds(limit, measured.observed):
        return strict
    width = (limit.high or 0.0) - (limit.low or 0.0)
    return Decision(Answer.PASSED, measured.reason) if measured.interval.width <= width else strict


def decide_existential(limit: Limit, measured: Measured) -> Decision:
    """One counterexample decides; without one the data bound it by the rule of three."""
    if measured.interval is None:
        return Decision(Answer.INCONCLUSIVE, measured.reason)
    value = measured.interval.low if measured.observed is None else measured.observed
    if not holds(limit, value):
        return Decision(Answer.FAILED, _joined(measured.reason, "one counterexample decides"))
    bound = f"no counterexample in {measured.n}: at most {min(1.0, 3 / max(measured.n, 1)):.2g} of requests (95 %)"
    return Decision(Answer.PASSED, _joined(measured.reason, bound))


def can_fail(limit: Limit, measured: Measured) -> bool:
    """Whether the worst possible data of this size would have been FAILED; if not, a pass would mean nothing."""
    if limit.low is None and limit.high is None:
        return False
    low = limit.low is not None and outside(Limit("", low=limit.low, low_strict=limit.low_strict), measured.least)
    high = limit.high is not None and outside(Limit("", high=limit.high, high_strict=limit.high_strict), measured.most)
    return low or high


def _good(limit: Limit, measured: Measured) -> bool:
    if measured.interval is not None and inside(limit, measured.interval):
        return True
    return _slack(limit) is not None and measured.growth is not None and measured.growth.high <= (limit.slack or 0.0)


def _bad(limit: Limit, measured: Measured) -> bool:
    if measured.interval is None or not outside(limit, measured.interval):
        return False
    if _slack(limit) is None or measured.growth is None:
        return True
    return measured.growth.low > (limit.slack or 0.0)


def _slack(limit: Limit) -> float | None:
    return limit.slack if limit.high is not None else None


def _never(measured: Measured) -> Decision:
    if measured.incident == NEVER and measured.observed is None and measured.reason.startswith(NEVER):
        return Decision(Answer.PASSED, measured.reason)
    if measured.observed is not None:
        return Decision(Answer.FAILED, f"it recovered at {measured.incident}")
    return Decision(Answer.INCONCLUSIVE, measured.reason)


def _toothless(limit: Limit, measured: Measured, rate_per_s: float, seconds: float) -> str:
    text = "could not fail on these data: even the worst possible outcome would not have been a failure"
    factor = measured.factor(limit) if measured.factor else None
    if measured.n and measured.n < 1000 and measured.least.width < 1 and factor is not None:
        return f"{text}; {more_text(max(2.0, factor), rate_per_s, seconds)}"
    return f"{text}; watch longer, or ask for a limit that data of {measured.n} rows can break"


def _undecided(limit: Limit, measured: Measured, rate_per_s: float, seconds: float) -> str:
    interval = measured.interval or Interval(0.0, 0.0)
    top = f"{interval.high:.4g}" if interval.high < float("inf") else "no upper end"
    text = f"the limit {limit.text} lies inside the interval {interval.low:.4g}..{top}"
    if measured.advice:
        return f"{text}; {measured.advice}"
    if measured.factor is None:
        return f"{text}; a slower clock or a higher rate narrows it"
    return f"{text}; {more_text(measured.factor(limit), rate_per_s, seconds)}"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
