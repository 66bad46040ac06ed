"""What must follow if nothing is painted on: readings of runs in, an answer with its reasons out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from readings import AWAY, BACK, STEADY, Moment, Reading


@dataclass(frozen=True, slots=True)
class Answer:
    """One claim against one run."""

    expected: str
    measured: str
    holds: bool
    why: str = ""


def _answer(expected: str, measured: str, wrong: Iterable[str]) -> Answer:
    reasons = "; ".join(wrong)
    return Answer(expected, measured, not reasons, reasons)


def moved(before: Moment, after: Moment) -> float | None:
    """Minutes by which a recovery moved; None where one of the two has none."""
    if before.minutes is None or after.minutes is None:
        return None
    return after.minutes - before.minutes


def same(before: Moment, after: Moment, by: float = 0.0) -> bool:
    """Whether the recovery moved by `by`, ± both resolutions; a flow that did not leave its band still does not."""
    shift = moved(before, after)
    if shift is None:
        return before.state == after.state
    return abs(shift - by) <= before.resolution + after.resolution + 0.05  # printed to a tenth of a minute


def _told(flow: str, before: Moment, after: Moment) -> str:
    shift = moved(before, after)
    return f"{flow} {before} -> {after}" + (f" ({shift:+.1f})" if shift is not None else "")


def disturbed(run: Reading, untouched: Iterable[str]) -> list[str]:
    """Flows that no fault of the run reaches and that were still not at rest, and faults that ended by themselves
    before their time: the machine was busy with something else.

    Such a run says nothing for or against a claim; it is run again.
    """
    restless = [flow for flow in untouched if run.recoveries[flow].state != STEADY or flow in run.restless]
    return restless + [f"the fault {name}" for name in run.interrupted]


def base(run: Reading) -> Answer:
    """The outage itself: every point observed, everything that must survive survives."""
    wrong = [] if run.exit_code == 0 else [f"exit {run.exit_code}: {'; '.join(run.reasons) or 'no reason'}"]
    return _answer("passed, every point observed, exit 0", _result(run), wrong)


def control(run: Reading) -> Answer:
    """Without faults there is no outage."""
    wrong = [f"observed without any fault: {name}" for name in sorted(run.observed)]
    wrong += [f"does not hold: {c.name}" for c in run.checks if c.role == "invariant" and c.verdict != "passed"]
    if run.exit_code != 3:
        wrong.append(f"exit {run.exit_code}")
    if not any("control arm" in reason for reason in run.reasons):
        wrong.append("no reason says control arm")
    return _answer("no effect observed, every invariant holds, exit 3, control arm", _result(run), wrong)


def longer(reference: Reading, run: Reading, after: float, by: float) -> Answer:
    """A phase `by` minutes longer: recoveries from its end on move by as much, earlier ones do not move."""
    expected = f"recoveries after t+{after:g} min move by {by:g} min, earlier ones do not, ± both resolutions"
    wrong, shifts = [], []
    for flow, before in reference.recoveries.items():
        late = before.minutes is not None and before.minutes + before.resolution >= after
        now = run.recoveries[flow]
        if not same(before, now, by if late else 0.0):
            wrong.append(_told(flow, before, now))
        elif late:
            shifts.append(moved(before, now) or 0.0)
    measured = f"{len(shifts)} moved by {_range(shifts)}" if shifts else "none moved as it must"
    return _answer(expected, measured, wrong if shifts else [*wrong, "no recovery to compare"])


def later(reference: Reading, run: Reading, dependents: Collection[str], by: float) -> Answer:
    """One fault lifted `by` minutes later: exactly the flows that depend on it move, by as much or more."""
    wrong, shifts = [], []
    for flow, before in reference.recoveries.items():
        now = run.recoveries[flow]
        if flow not in dependents:
            wrong += [] if same(before, now) else [f"moved: {_told(flow, before, now)}"]
            continue
        shift, doubt = moved(before, now), before.resolution + now.resolution + 0.05
        if shift is None or shift < by - doubt or shift > 1.25 * by + doubt:
            wrong.append(f"did not move by {by:g}: {_told(flow, before, now)}")
        else:
            shifts.append(shift)
    measured = f"{len(shifts)} moved by {_range(shifts)}" if shifts else "none moved as it must"
    return _answer(f"exactly {', '.join(sorted(dependents))} move by {by:g} min", measured, wrong)


def left_out(reference: Reading, run: Reading, injection: str) -> Answer:
    """Without one fault exactly the checks that need it are no longer observed."""
    needing = {check.name for check in reference.checks if injection in check.needs}
    wrong = [f"was not observed before either: {name}" for name in sorted(needing - reference.observed)]
    wrong += [] if needing else [f"no check needs {injection}"]
    wrong += [f"still observed: {name}" for name in sorted(needing & run.observed)]
    wrong += [f"no longer observed: {name}" for name in sorted(reference.observed - needing - run.observed)]
    gone = len(reference.observed - run.observed)
    return _answer(f"exactly the {len(needing)} checks that need {injection} are gone", f"{gone} are gone", wrong)


def trough(run: Reading, metric: str, share: float, within: float) -> Answer:
    """A check of a share of what is normal: as much is missing as belongs to the part that failed."""
    found = [check for check in run.checks if metric in check.name]
    missing = [1 - check.observed for check in found if check.observed is not None]
    wrong = [] if missing else [f"no check measured {metric}"]
    wrong += [f"{value:.1%} is not" for value in missing if abs(value - share) > within]
    wrong += [f"not observed: {check.name}" for check in found if check.verdict != "passed"]
    measured = ", ".join(f"{value:.1%}" for value in missing) or "nothing"
    return _answer(f"a trough of {share:.0%} ± {within:.0%}", measured, wrong)


def renamed(reference: Reading, run: Reading) -> Answer:
    """Other names, same answer: verdict, and every check in the order of the file."""
    wrong = [] if run.verdict == reference.verdict else [f"verdict {run.verdict}, not {reference.verdict}"]
    wrong += [
        f"{now.name}: {now.verdict}, not {before.verdict}"
        for before, now in zip(reference.checks, run.checks, strict=True)
        if now.verdict != before.verdict
    ]
    return _answer(f"{reference.verdict}, {reference.fidelity[0]} points observed, same checks", _result(run), wrong)


def healed(reference: Reading, run: Reading, within: float, slower: Mapping[str, float]) -> Answer:
    """All faults lifted in mid-run: who was still away is back `within` minutes, `slower` ones by what they take."""
    expected = f"exit 3, healed by hand; whoever was still away is back within {within:g} min"
    expected += "".join(f", {flow} within {limit:g}" for flow, limit in slower.items())
    wrong = [] if run.exit_code == 3 else [f"exit {run.exit_code}"]
    wrong += [] if any("healed by hand" in reason for reason in run.reasons) else ["no reason says healed by hand"]
    if run.healed_at is None:
        return _answer(expected, _result(run), [*wrong, "nobody healed it"])
    waits = []
    for flow, before in reference.recoveries.items():
        now = run.recoveries[flow]
        early = before.minutes is not None and before.minutes + before.resolution < run.healed_at
        if early or before.state == STEADY:
            wrong += [] if same(before, now) else [f"moved: {_told(flow, before, now)}"]
            continue
        if now.state == STEADY and before.state in (BACK, AWAY):
            continue  # its faults had not begun yet
        wait = None if now.minutes is None else now.minutes - run.healed_at
        most = slower.get(flow, within) + now.resolution + 0.05
        # a request that was due just before may be answered just after
        if wait is None or not -within - now.resolution <= wait <= most:
            wrong.append(f"{flow}: {now}, healed at {run.healed_at:.1f}")
        else:
            waits.append(wait)
    measured = f"healed at t+{run.healed_at:.1f} min, {len(waits)} back after {_range(waits) if waits else '?'}"
    return _answer(expected, measured, wrong if waits else [*wrong, "nobody was away"])


def _range(values: Collection[float]) -> str:
    return f"{min(values):.1f} to {max(values):.1f} min"


def _result(run: Reading) -> str:
    invariants = [check.verdict == "passed" for check in run.checks if check.role == "invariant"]
    effects = [check.verdict == "passed" for check in run.checks if check.role == "effect"]
    return (
        f"{run.verdict}, exit {run.exit_code}, {run.fidelity[0]}/{run.fidelity[1]} points,"
        f" {sum(effects)}/{len(effects)} effects, {sum(invariants)}/{len(invariants)} invariants"
    )
