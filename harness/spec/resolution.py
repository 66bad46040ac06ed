"""How well things can be known: shares, quantiles and moments of recovery, from the number and rate of requests.

The judge uses the same arithmetic; a unit test keeps the two in step. All intervals leave 5 % on each side.
"""

from __future__ import annotations

import math

from scipy.special import betaincinv

from harness.model.objective import Limit

ALPHA = 0.05
MOST_SAMPLES = 10_000_000


def share_interval(good: int, total: int, alpha: float = ALPHA) -> tuple[float, float]:
    """Clopper–Pearson, `alpha` on each side; (0, 1) without data."""
    if total <= 0:
        return 0.0, 1.0
    low = 0.0 if good <= 0 else float(betaincinv(good, total - good + 1, alpha))
    high = 1.0 if good >= total else float(betaincinv(good + 1, total - good, 1 - alpha))
    return low, high


def half_width(total: int, share: float = 0.5) -> float:
    """Half the width of the 95 % Clopper–Pearson interval around `share`: the smallest difference that shows."""
    low, high = share_interval(round(total * share), total, 0.025)
    return (high - low) / 2


def near_all(total: int) -> float:
    """The smallest share of failures that cannot hide where none was seen (rule of three, exactly)."""
    return 1 - share_interval(total, total)[0]


def share_can_pass(limit: Limit, total: int) -> bool:
    """Whether any outcome of `total` requests would prove a limit on a share."""
    if total <= 0:
        return False
    low, high = limit.low or 0.0, 1.0 if limit.high is None else limit.high
    best = total if limit.high is None else 0 if limit.low is None else round(total * (low + high) / 2)
    bottom, top = share_interval(best, total)
    return bottom >= low and top <= high


def share_can_fail(limit: Limit, total: int) -> bool:
    """Whether any outcome of `total` requests would disprove a limit on a share."""
    bottom, top = share_interval(total, total)[0], share_interval(0, total)[1]
    return (limit.low is not None and top < limit.low) or (limit.high is not None and bottom > limit.high)


def share_needs(limit: Limit) -> int | None:
    """The smallest number of requests with which a limit on a share can pass and fail; None if no number is enough."""

    def enough(total: int) -> bool:
        return share_can_pass(limit, total) and share_can_fail(limit, total)

    if not enough(MOST_SAMPLES):
        return None
    low, high = 0, MOST_SAMPLES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def bad_allowed(limit: Limit, total: int) -> int | None:
    """How many of `total` requests may be bad while `availability >= low` still passes; None if it never does."""
    if limit.low is None or share_interval(total, total)[0] < limit.low:
        return None
    low, high = 0, total
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if share_interval(total - middle, total)[0] >= limit.low else (low, middle)
    return low


def quantile_needs(quantile: float) -> int:
    """Requests with which an upper limit on a latency quantile can pass: 5 for p50, 29, 59, and 299 for p99."""
    return math.ceil(math.log(ALPHA) / math.log(quantile) - 1e-9)


def window_for(rate_per_s: float) -> tuple[int, int]:
    """Seconds of a window, and how many of them in a row mean 'recovered for good', by the rate of the flow."""
    if rate_per_s >= 50:
        return 1, 10
    if rate_per_s * 3 >= 10:
        return 3, 5
    return math.ceil(10 / max(rate_per_s, 0.1)), 3


def confirmation_s(rate_per_s: float) -> float:
    """Wall seconds for which a flow must stay in its band until `recovers_within` calls it recovered."""
    window, consecutive = window_for(rate_per_s)
    return float(window * consecutive)


def moment_confirmation_s(rate_per_s: float) -> float:
    """The same for `recovered_at`: three windows."""
    return 3.0 * window_for(rate_per_s)[0]


def resolution_s(rate_per_s: float) -> float:
    """Wall seconds, plus or minus, to which the moment of a recovery can be known at best."""
    return max(window_for(rate_per_s)[0] / 4, 2 / max(rate_per_s, 0.1))
