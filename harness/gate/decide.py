"""Runs and a policy -> one answer. Pure: the day comes in as an argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from harness.gate.baseline import Compared
from harness.gate.policy import ENVIRONMENT, FAILED, INCONCLUSIVE, Policy
from harness.gate.run import Run
from harness.model.exit_codes import fold

ANSWER_OF = {1: FAILED, 3: INCONCLUSIVE, 4: ENVIRONMENT}
FEWER = 5


class Reference(Protocol):
    """What runs are compared with: a baseline of earlier days, or another image set of the same job."""

    def knows(self, verdict: dict[str, Any]) -> bool:
        """Whether there is anything to compare this run with."""

    def broken(self) -> Sequence[Run]:
        """Runs made for comparing that ended in a way that must count."""

    def compared(self, verdict: dict[str, Any], finding: dict[str, Any], margin: float) -> Compared:
        """One objective against the reference."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective of one run, as the gate sees it."""

    experiment: str
    name: str
    verdict: str
    metric: str
    observed: float | None
    interval: tuple[float, float] | None
    quarantined: bool
    line: int
    file: str
    reason: str = ""
    baseline: float | None = None
    margin: float | None = None
    compared: str = ""
    """passed | failed | inconclusive against the baseline, '' without one."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One experiment: all its runs, and the code that counts."""

    experiment: str
    runs: tuple[Run, ...]
    code: int
    counts: int
    """`code`, or 0 where the policy excuses it."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What the pipeline is told."""

    exit: int
    verdict: str
    experiments: tuple[Judged, ...]
    objectives: tuple[Objective, ...]
    reasons: tuple[str, ...] = ()
    notices: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """surface of `gate --json`."""
        runs = [
            {"run": run.verdict["run"], "experiment": one.experiment, "exit": run.code, "counts": run is one.runs[-1]}
            for one in self.experiments
            for run in one.runs
        ]
        keys = ("experiment", "name", "verdict", "baseline", "observed", "margin", "quarantined", "compared")
        objectives = [{key: getattr(one, key) for key in keys} for one in self.objectives]
        return {
            "exit": self.exit, "verdict": self.verdict, "runs": runs, "objectives": objectives,
            "reasons": list(self.reasons), "notices": list(self.notices),
        }  # fmt: skip


def decide(runs: Sequence[Run], policy: Policy, today: date, reference: Reference | None = None) -> GateAnswer:
    """Fold all runs of all jobs into one answer."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.experiment, []).append(run)
    objectives = tuple(one for group in groups.values() for one in _objectives(_last(group), policy, today, reference))
    left, judged = policy.allow_inconclusive, []
    for name, group in groups.items():
        one = _judged(name, group, [o for o in objectives if o.experiment == name], policy, left)
        left -= one.why.startswith(_ALLOWED)
        judged.append(one)
    codes = [one.counts for one in judged]
    reasons = [f"{one.experiment}: {_words(one)}" for one in judged if one.counts]
    if len(groups) < policy.runs or not groups:
        codes.append(FEWER)
        reasons.append(f"{len(groups)} of {policy.runs or 'at least 1'} experiments were run; the policy names more")
    worse = [one for one in objectives if one.compared in (FAILED, INCONCLUSIVE) and not one.quarantined]
    for run in reference.broken() if reference is not None else ():
        codes.append(run.code)
        reasons.append(f"{run.experiment}, measured to compare with: exit {run.code}")
    codes += [{FAILED: 1, INCONCLUSIVE: 3}[one.compared] for one in worse if one.compared in policy.fail_on]
    reasons += [f"{one.experiment}: {one.name}: {_against(one)}" for one in worse]
    return GateAnswer(
        exit=(code := fold(codes)), verdict=_verdict(code), experiments=tuple(judged), objectives=objectives,
        reasons=tuple(reasons), notices=tuple(_notices(judged, policy, today, reference)),
    )  # fmt: skip


_ALLOWED = "allowed"


def _last(group: Sequence[Run]) -> Run:
    """The run that counts: a failure is never tried away; else the first that decided; else the newest."""
    decided = [run for run in group if run.code not in (0, 3, 4)] + [run for run in group if run.code == 0]
    return decided[0] if decided else group[-1]


def _judged(name: str, group: list[Run], objectives: list[Objective], policy: Policy, left: int) -> Judged:
    run = _last(group)
    ordered = (*(one for one in group if one is not run), run)
    failed = [one for one in objectives if one.verdict == FAILED]
    if run.code == 1 and failed and all(one.quarantined for one in failed):
        return Judged(name, ordered, run.code, 0, "quarantined")
    if run.code == 3 and left > 0:
        return Judged(name, ordered, run.code, 0, f"{_ALLOWED} to be inconclusive")
    if run.code in ANSWER_OF and ANSWER_OF[run.code] not in policy.fail_on:
        return Judged(name, ordered, run.code, 0, f"fail_on does not name {ANSWER_OF[run.code]}")
    return Judged(name, ordered, run.code, run.code)


def _objectives(run: Run, policy: Policy, today: date, reference: Reference | None) -> list[Objective]:
    found = []
    margins = dict(policy.margins)
    for one in run.verdict["findings"]:
        if one["kind"] != "objective":
            continue
        excused = any(q.covers(run.experiment, one["name"], today) for q in policy.quarantine)
        interval = tuple(one["interval"]) if one["interval"] and None not in one["interval"] else None
        against = _compared(run, one, margins, reference)
        observed = one["observed"] if against.observed is None else against.observed
        found.append(
            Objective(
                run.experiment, one["name"], one["verdict"], one["metric"] or "", observed, interval, excused,
                int(one.get("line") or 1), run.file, one.get("reason") or "",
                against.baseline, against.margin, against.verdict,
            )
        )  # fmt: skip
    return found


def _compared(run: Run, finding: dict[str, Any], margins: dict[str, float], reference: Reference | None) -> Compared:
    if reference is None or finding["metric"] not in margins:
        return Compared()
    return reference.compared(run.verdict, finding, margins[finding["metric"]])


def _words(one: Judged) -> str:
    reasons = one.runs[-1].verdict.get("reasons") or []
    return f"exit {one.code}" + (f", {reasons[0]}" if reasons else "")


def _against(one: Objective) -> str:
    word = "worse than" if one.compared == FAILED else "not sure to be as good as"
    return f"observed {one.observed}, {word} its baseline {one.baseline} within {one.margin:.0%}"


def _verdict(code: int) -> str:
    return {0: "passed", 1: FAILED, 3: INCONCLUSIVE, 4: ENVIRONMENT, FEWER: "incomplete"}.get(code, "broken off")


def _notices(judged: list[Judged], policy: Policy, today: date, reference: Reference | None) -> list[str]:
    found = [f"{one.experiment}: exit {one.code} does not count ({one.why})" for one in judged if one.why]
    for one in policy.quarantine:
        name = f"{one.experiment}{f' · {one.objective}' if one.objective else ''}"
        if today > one.until:
            found.append(f"the quarantine of {name} ended on {one.until} ({one.owner}): it counts again")
    if policy.margins and reference is not None:
        fresh = [one.experiment for one in judged if not reference.knows(one.runs[-1].verdict)]
        found += [f"{name}: no baseline yet for these images and this machine" for name in fresh]
    return found
