"""recovers_within and recovered_at: how long after, and when, a flow was back in its band for good."""

from __future__ import annotations

import math

from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData
from harness.analysis.metrics.base import Measured, Metric, Question, nothing
from harness.analysis.recovery.recover import Recovery, recovery
from harness.analysis.recovery.turn import Turn
from harness.analysis.stats.interval import Interval
from harness.model.units import duration_text

NEVER_DEGRADED = "never degraded: it did not leave its band"


def measure_within(run: RunData, question: Question) -> Measured:
    """Wall seconds from the end of phase `after` (or of the last fault) until it is back in its band for good."""
    origin = _origin(run, question.after)
    if origin is None:
        return nothing(f"phase {question.after} did not run" if question.after else "no fault held")
    horizon = _horizon(run, origin)
    found = recovery(run, question.subject, origin, horizon, confirm=None)
    watched = (horizon - origin) / 1e6
    if found.band is None or (found.reason and not found.excursions):
        return nothing(found.reason)
    most = Interval(watched, math.inf)
    wait = found.band.consecutive * found.band.window_us / 1e6
    if not found.excursions and found.confirmed:
        edge = found.band.window_us / 4e6
        return Measured(0.0, Interval(0.0, edge), round(watched), least=Interval(0.0, edge), most=most)
    if found.back is None:
        low = max(0.0, (found.last_outside_us - origin) / 1e6)
        advice = f"would decide: watch {duration_text(math.ceil(max(1.0, low + wait - watched)))} longer"
        reason = f"not back in its band for good (for {wait:g} s) within the {duration_text(round(watched, 1))} watched"
        return Measured(None, Interval(low, math.inf), round(watched), reason, Interval(0.0, 0.0), most, advice=advice)
    at, doubt = max(0.0, (found.back.at_us - origin) / 1e6), found.back.resolution_us / 1e6
    reason = f"relapsed {len(found.excursions) - 1} times before" if len(found.excursions) > 1 else ""
    interval = Interval(max(0.0, at - doubt), at + doubt)
    return Measured(at, interval, round(watched), reason, Interval(0.0, doubt), most)


def measure_at(run: RunData, question: Question) -> Measured:
    """Incident seconds from t=0 at which it entered its band for good, watched from the first fault to the end."""
    found = recovered(run, question.subject)
    if found.band is None or (found.reason and not found.excursions):
        return nothing(found.reason)
    if not found.excursions:
        return nothing(NEVER_DEGRADED)
    end, begin = run.incident_s(run.end_us), run.incident_s(run.first_fault_us)
    least, most = Interval(begin, begin), Interval(end, math.inf)
    if found.back is None:
        low = run.incident_s(found.last_outside_us)
        never = found.last_outside_us + 2 * found.band.window_us + found.band.step_us > run.end_us
        reason = "never: not back in its band by the end" if never else "back too shortly before the end to be sure"
        return Measured(None, Interval(end if never else low, math.inf), 1, reason, least, most, incident="never")
    low, high = (run.incident_s(found.back.at_us + sign * found.back.resolution_us) for sign in (-1, 1))
    text = moment_text(run, found.back)
    return Measured(run.incident_s(found.back.at_us), Interval(low, high), 1, "", least, most, incident=text)


def recovered(run: RunData, flow: str) -> Recovery:
    """The flow's recovery over the whole timeline."""
    return recovery(run, flow, run.first_fault_us, run.end_us)


def moment_text(run: RunData, turn: Turn) -> str:
    """A moment with its resolution, as people read it."""
    at = run.incident_s(turn.at_us)
    doubt = (run.incident_s(turn.at_us + turn.resolution_us) - run.incident_s(turn.at_us - turn.resolution_us)) / 2
    if not run.plan.incident_clock:
        return f"t+{at:.1f} s ± {doubt:.1f} s"
    digits = 0 if doubt >= 60 else 1
    return f"t+{at / 60:.{digits}f} min ± {doubt / 60:.{1 if doubt < 600 else 0}f}"


def _origin(run: RunData, after: str) -> int | None:
    if after:
        return run.windows[after][1] if after in run.windows else None
    return run.last_heal_us if run.plan.injections else run.zero_us


def _horizon(run: RunData, origin: int) -> int:
    """Until the next fault that begins after the origin, or the end."""

    def later(hold: Hold) -> bool:
        return hold.start_us is not None and hold.start_us >= origin

    return min((hold.start_us for hold in run.holds if later(hold) and hold.start_us is not None), default=run.end_us)


METRICS = (
    Metric(
        "recovers_within",
        "s",
        "flow",
        "wall seconds from the end of phase `after` (else of the last fault) until it is back in its band for good",
        measure_within,
    ),
    Metric(
        "recovered_at",
        "s on the incident clock",
        "flow",
        "moment, from t=0, at which it was back in its band for good; `never` if not by the end",
        measure_at,
    ),
)
