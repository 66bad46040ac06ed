"""The judge: a pure function of what is on disk. The same record gives the same verdict anywhere."""

from __future__ import annotations

from harness.analysis.answers.guards import generator_late, guard_findings, load_account, run_status
from harness.analysis.answers.objectives import objective_findings
from harness.analysis.answers.signature import observed, points, signature_findings
from harness.analysis.answers.steps import step_results
from harness.analysis.data.disturbance import disturbances
from harness.analysis.data.run import RunData
from harness.analysis.proof.containment import canary_rows
from harness.analysis.proof.injections import injection_results
from harness.analysis.stories.story import stories
from harness.analysis.verdict import cleanup_of, decide_run, exit_code, headline, stop_findings
from harness.model.finding import Verdict
from harness.model.record import Record


def judge(record: Record) -> Verdict:
    """Answer every question of the plan from the record, and add the answers up."""
    run = RunData(record)
    disturbed = disturbances(run)
    results = injection_results(run, canary_rows(record.canary), disturbed)
    load, cleanup = load_account(run), cleanup_of(run)
    proved = {result.id for result in results if result.effect.proved}
    signature = signature_findings(run, disturbed, proved)
    findings = [
        *guard_findings(run, results, load),
        *stop_findings(run),
        *objective_findings(run, disturbed, generator_late(load)),
        *signature,
    ]
    outcome, told, by_point = decide_run(findings, cleanup), stories(run), points(signature)
    return Verdict(
        run=record.run,
        experiment=record.plan.name,
        status=run_status(run),
        verdict=outcome.answer,
        cleanup=cleanup,
        reasons=outcome.reasons,
        findings=tuple(findings),
        injections=results,
        load=load,
        fidelity_observed=sum(observed(checks) for checks in by_point.values()),
        fidelity_total=len(by_point),
        stories=told,
        environment=record.environment,
        exit_code=exit_code(run, outcome.answer, cleanup),
        headline=headline(run, outcome.answer, findings, told),
        blocked=_blocked(run),
        disturbances=tuple(one.text for one in disturbed),
        steps=step_results(run),
    )


def _blocked(run: RunData) -> tuple[str, ...]:
    """Undeclared calls, the last count of every border."""
    counts: dict[str, object] = {}
    for event in run.events.named("blocked"):
        for call in event.get("calls") or ():
            if isinstance(call, dict):
                where = f"{call.get('name') or call.get('to')}:{call.get('port')}"
                proto = "/udp" if call.get("proto") == "udp" else ""
                counts[f"{call.get('caller')} -> {where}{proto}"] = call.get("n")
    return tuple(f"{call} ({n})" for call, n in sorted(counts.items()))
