"""holds and within: what probes were answered. What could not be measured decides nothing, either way."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.analysis.data.run import RunData, Window
from harness.analysis.metrics.base import Measured, Metric, Question, nothing
from harness.analysis.stats.interval import Interval
from harness.model.probe import Probe, Reading, State

MISSED_SHARE = 0.2
"""Of the times that a probe should have been asked; beyond it what is missing counts as not measured."""


def measure_holds(run: RunData, question: Question) -> Measured:
    """The share of good answers among all times that the probe was asked in the windows.

    The answers are not a sample of something larger: the interval is only as wide as what could not be measured.
    """
    probe = run.probe_of.get(question.subject)
    if probe is None:
        return nothing(f"there is no probe {question.subject!r} in this run's plan")
    rows = in_windows(run.readings.get(probe.name, ()), question.windows)
    if not rows:
        return nothing(f"the probe {probe.name} was never asked")
    missed = _missed(probe, rows, question.seconds)
    worst = sum(forgiven(rows, probe.tolerance, unknown_is_bad=True))
    best = sum(forgiven(rows, probe.tolerance, unknown_is_bad=False))
    total = len(rows) + missed
    interval = Interval(worst / total, (best + missed) / total)
    unknown = [row for row in rows if row.state is State.UNKNOWN]
    advice = ""
    if unknown or missed:
        why = f": {unknown[0].note}" if unknown else ""
        advice = f"{len(unknown) + missed} of {total} times it could not be measured{why}; would decide: mend the probe"
    observed = None if advice else worst / total
    first = next((row.note for row in rows if row.state is State.BAD), "")
    reason = f"first bad answer: {first}" if first else ""
    ends = Interval(0.0, 0.0), Interval(1.0, 1.0)
    return Measured(observed, interval, total, reason, least=ends[0], most=ends[1], advice=advice)


def measure_within(run: RunData, question: Question) -> Measured:
    """Wall seconds from the end of phase `after` (else from the first fault) to the first good answer."""
    probe = run.probe_of.get(question.subject)
    if probe is None:
        return nothing(f"there is no probe {question.subject!r} in this run's plan")
    rows = run.readings.get(probe.name, [])
    if run.plan.without_faults:
        return _quiet(run, probe, rows)
    origin = _origin(run, question.after)
    if origin is None:
        return nothing(f"phase {question.after} did not run" if question.after else "no fault held")
    before = [row.state for row in rows if row.t_us < origin and row.state is not State.UNKNOWN]
    if not before:
        return nothing("it could not be measured before: whether it was good already is not known")
    if before[-1] is State.GOOD:
        return nothing("it was good already before: that it is good afterwards shows nothing")
    after = [row for row in rows if row.t_us >= origin]
    hit = next((row for row in after if row.state is State.GOOD), None)
    watched = (run.end_us - origin) / 1e6
    most = Interval(watched, math.inf)
    seen_bad = [row for row in after if row.state is State.BAD and (hit is None or row.t_us < hit.t_us)]
    low = _sure_until(seen_bad, after, origin)
    if hit is None:
        reason = f"not good within the {watched:.1f} s watched" if seen_bad else "it could not be measured"
        return Measured(None, Interval(low, math.inf), len(after), reason, Interval(0.0, 0.0), most)
    at = (hit.t_us + hit.took_us - origin) / 1e6
    return Measured(at, Interval(min(low, at), at), len(after), "", Interval(0.0, 0.0), most)


def _quiet(run: RunData, probe: Probe, rows: Sequence[Reading]) -> Measured:
    """Without faults nothing may fire: quiet all the time is as good as in time, one good answer is a failure."""
    asked = in_windows(rows, tuple(run.windows.values()))
    fired = next((row for row in asked if row.state is State.GOOD), None)
    most = Interval(math.inf, math.inf)
    if fired is not None:
        at = run.wall_s(fired.t_us)
        return Measured(
            None, most, len(asked), f"control arm: it was good without any fault, at t{at:+.1f} s", most=most
        )
    seconds = sum(end - start for start, end in run.windows.values()) / 1e6
    if not asked or any(row.state is State.UNKNOWN for row in asked) or _missed(probe, asked, seconds):
        return nothing("control arm: it could not be measured all the time")
    quiet = Interval(0.0, 0.0)
    return Measured(None, quiet, len(asked), "control arm: quiet all the time, as it should be", least=quiet, most=most)


def in_windows(rows: Sequence[Reading], windows: Sequence[Window]) -> list[Reading]:
    """Answers whose question was asked in one of the windows."""
    return [row for row in rows if any(start <= row.t_us < end for start, end in windows)]


def forgiven(rows: Sequence[Reading], tolerance: int, *, unknown_is_bad: bool) -> list[bool]:
    """Each answer as good or not. At most `tolerance` bad ones in a row are forgiven; unknown ones never are."""
    told: list[bool] = []
    run: list[int] = []
    for index, row in enumerate(rows):
        ill = row.state is State.BAD or (row.state is State.UNKNOWN and unknown_is_bad)
        told.append(not ill)
        if ill:
            run.append(index)
        if run and (not ill or index == len(rows) - 1):
            if len(run) <= tolerance:
                for at in run:
                    told[at] = rows[at].state is State.BAD
            run = []
    return told


def _missed(probe: Probe, rows: Sequence[Reading], seconds: float) -> int:
    """How many times fewer it was asked than it should have been, slow answers allowed for."""
    took = sum(row.took_us for row in rows) / 1e6 / len(rows)
    expected = int(seconds / max(probe.every_s, took))
    return max(0, expected - len(rows)) if len(rows) < (1 - MISSED_SHARE) * expected else 0


def _sure_until(seen_bad: Sequence[Reading], after: Sequence[Reading], origin: int) -> float:
    """Until when it was surely not good: the last bad answer with nothing unmeasured before it."""
    first_unknown = min((row.t_us for row in after if row.state is State.UNKNOWN), default=math.inf)
    sure = [row.t_us for row in seen_bad if row.t_us < first_unknown]
    return max(0.0, (max(sure) - origin) / 1e6) if sure else 0.0


def _origin(run: RunData, after: str) -> int | None:
    if after:
        return run.windows[after][1] if after in run.windows else None
    return min((hold.start_us for hold in run.holds if hold.start_us is not None), default=None)


METRICS = (
    Metric("holds", "share", "probe", "good answers of a probe, of all times it was asked", measure_holds),
    Metric(
        "within",
        "s",
        "probe",
        "wall seconds from the end of phase `after` (else from the first fault) until its first good answer",
        measure_within,
    ),
)
