"""What became of each injection: how long it held, whether it bit, whether it stayed where it belongs."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.data.disturbance import Disturbance, touching
from harness.analysis.data.events import Hold
from harness.analysis.data.run import RunData
from harness.analysis.proof.containment import CanaryRows, contained
from harness.analysis.proof.prove import prove
from harness.analysis.proof.spill_over import spill_over
from harness.faults.catalogue import fault_words
from harness.model.finding import Evidence, InjectionResult


def injection_results(
    run: RunData, canary: list[CanaryRows], disturbed: Sequence[Disturbance]
) -> tuple[InjectionResult, ...]:
    """One result per planned injection, in the plan's order."""
    return tuple(_result(run, hold, canary, disturbed) for hold in run.holds)


def _result(run: RunData, hold: Hold, canary: list[CanaryRows], disturbed: Sequence[Disturbance]) -> InjectionResult:
    injection, window = hold.injection, hold.window
    hits = touching(disturbed, injection.edges, [window]) if window else []
    never = Evidence(False, reason="it never held")
    return InjectionResult(
        id=injection.id,
        fault=fault_words(injection.fault),
        target=injection.target,
        edges=injection.edges,
        phase=injection.phase,
        state=hold.state,
        planned_s=injection.end_s - injection.start_s,
        held_s=hold.held_s,
        effect=prove(run, hold, disturbed) if window else never,
        contained=contained(run, hold, canary) if window else never,
        spill_over=spill_over(run, hold),
        hold_at_s=run.wall_s(window[0]) if window else None,
        heal_at_s=run.wall_s(window[1]) if window else None,
        disturbed=tuple(hit.text for hit in hits),
    )
