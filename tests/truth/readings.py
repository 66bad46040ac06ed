"""What one run showed, read from its folder by the judge's own code: recoveries of all flows, and all checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.analysis.data.run import RunData
from harness.analysis.judge import judge
from harness.analysis.metrics.recovery_time import recovered
from harness.analysis.recovery.recover import Recovery
from harness.journal.manifest import read_record
from harness.model.finding import FindingKind

STEADY, BACK, AWAY, UNKNOWN = "steady", "back", "away", "unknown"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a flow was back for good: incident minutes from t=0, ± resolution.

    `steady`: it never left its band, or only for a moment in which it lost no answer. `away`: not back by the end.
    """

    state: str
    minutes: float | None = None
    resolution: float = 0.0

    def __str__(self) -> str:
        return f"{self.minutes:.1f} ± {self.resolution:.1f}" if self.minutes is not None else self.state


@dataclass(frozen=True, slots=True)
class Check:
    """One signature check and its answer; `observed` is the metric, where it has one."""

    name: str
    role: str
    verdict: str
    needs: tuple[str, ...] = ()
    observed: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One run."""

    exit_code: int
    verdict: str
    fidelity: tuple[int, int]
    reasons: tuple[str, ...] = ()
    recoveries: Mapping[str, Moment] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    healed_at: float | None = None
    """Incident minutes at which somebody lifted all faults by hand."""
    restless: tuple[str, ...] = ()
    """Flows that were slow for a moment and lost nothing; they count as steady."""
    interrupted: tuple[str, ...] = ()
    """Injections that did not hold as long as planned, though nobody asked for that: the machine stood still."""

    def to_json(self) -> dict[str, Any]:
        """Plain values; checks by name."""
        body = asdict(self)
        checks = {check.pop("name"): check for check in body["checks"]}
        return body | {"checks": checks}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Reading:
        """The inverse of `to_json`."""
        return cls(
            body["exit_code"], body["verdict"], tuple(body["fidelity"]), tuple(body["reasons"]),
            {flow: Moment(**moment) for flow, moment in body["recoveries"].items()},
            tuple(Check(name, **{**check, "needs": tuple(check["needs"])}) for name, check in body["checks"].items()),
            body["healed_at"], tuple(body["restless"]), tuple(body["interrupted"]),
        )  # fmt: skip

    @property
    def observed(self) -> set[str]:
        """Names of effect checks that were observed."""
        return {check.name for check in self.checks if check.role == "effect" and check.verdict == "passed"}


def read(folder: Path) -> Reading:
    """Judge a run folder and read it."""
    record = read_record(folder)
    run, verdict = RunData(record), judge(record)
    findings = [one for one in verdict.findings if one.kind is FindingKind.SIGNATURE]
    checks = tuple(
        Check(f"{one.point} {one.name}", one.role, str(one.verdict), asked.needs, one.observed)
        for asked, one in zip(run.plan.signature, findings, strict=True)
    )
    found = {flow.name: recovered(run, flow.name) for flow in run.plan.load.flows}
    moments = {flow: _moment(run, one) for flow, one in found.items()}
    by_hand = [at for event in run.events.named("healed_by_hand") if (at := run.events.at_us(event)) is not None]
    return Reading(
        verdict.exit_code,
        str(verdict.verdict),
        (verdict.fidelity_observed, verdict.fidelity_total),
        tuple(verdict.reasons),
        moments,
        checks,
        round(run.incident_s(min(by_hand)) / 60, 2) if by_hand else None,
        tuple(flow for flow, one in found.items() if one.excursions and moments[flow].state == STEADY),
        () if by_hand else tuple(hold.injection.id for hold in run.holds if hold.lost),
    )


def _moment(run: RunData, found: Recovery) -> Moment:
    if found.band is None or (found.reason and not found.excursions):
        return Moment(UNKNOWN)
    window = 2 * found.band.window_us
    outages = [one for one in found.excursions if one.worst_good < 1.0 or one.last_us - one.first_us > window]
    if not outages:  # slow for a moment, nothing lost: the machine, not the outage
        return Moment(STEADY)
    if found.back is None:
        return Moment(AWAY)
    low, high = (run.incident_s(found.back.at_us + sign * found.back.resolution_us) / 60 for sign in (-1, 1))
    return Moment(BACK, round(run.incident_s(found.back.at_us) / 60, 2), round((high - low) / 2, 2))
