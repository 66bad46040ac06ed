"""Reasons why a run may not decide anything, whatever its objectives say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.analysis.answers.signature import CONTROL_ARM
from harness.analysis.data.events import Hold, number
from harness.analysis.data.run import RunData
from harness.analysis.steady import steady_findings
from harness.faults.catalogue import acts_on
from harness.faults.contract import ActsOn
from harness.model.ended import ENDINGS
from harness.model.finding import Answer, Finding, FindingKind, InjectionResult, LoadAccount
from harness.model.units import duration_text

LATE_US = 10_000
LATE_SHARE = 0.01
SHORT_SHARE, SHORT_S = 0.02, 0.5


def guard_findings(run: RunData, results: Sequence[InjectionResult], load: LoadAccount) -> list[Finding]:
    """All guards that speak, most general first; the lines of `steady` also when they hold."""
    found = [
        *_arm(run),
        *_status(run),
        *_program(run),
        *_by_hand(run),
        *_added(run),
        *_killed(run),
        *_died(run),
        *_told(run),
        *_load(run, load),
    ]
    found += steady_findings(run) or _steady_event(run)
    stopped = ended_by_decision(run)
    for result, hold in zip(results, run.holds, strict=True):
        found += _lost(run, hold)
        slow_s = hold.took_s if acts_on(hold.injection.fault) is ActsOn.SERVICES else 0.0
        found += _injection(result, stopped or bool(hold.lost), slow_s)
    return found


def load_account(run: RunData) -> LoadAccount:
    """What the generator said, checked against the rows themselves: the worse of both."""
    report = run.events.last("load_report")
    lateness = sorted(sample.late_us for sample in run.record.samples)
    late = sum(1 for value in lateness if value > LATE_US)
    no_slot = sum(1 for sample in run.record.samples if sample.outcome == "no-slot")
    p99 = lateness[max(0, -(-99 * len(lateness) // 100) - 1)] / 1e6 if lateness else 0.0
    return LoadAccount(
        offered=int(number(report.get("offered")) or 0),
        rows=len(run.record.samples),
        late=max(late, int(number(report.get("late")) or 0)),
        no_slot=max(no_slot, int(number(report.get("no_slot")) or 0)),
        lateness_p99_s=max(p99, number(report.get("lateness_p99_s")) or 0.0),
    )


def generator_late(load: LoadAccount) -> str:
    """Why the generator bars a FAILED, '' if it kept its word."""
    if load.no_slot:
        return f"{load.no_slot} requests found no free slot"
    if load.rows and load.late > LATE_SHARE * load.rows:
        return f"{load.late} of {load.rows} requests were sent more than 10 ms late"
    return ""


def ended_by_decision(run: RunData) -> bool:
    """A stop condition, a person or a signal ended faults early: a short hold is then no news."""
    early = ("stop_condition", "healed_by_hand", "steady_failed")
    closed = str(run.events.last("run_closed").get("status") or "errored")
    return closed != "completed" or any(True for _ in run.events.named(*early))


def _guard(name: str, reason: str) -> Finding:
    return Finding(name, FindingKind.GUARD, Answer.INCONCLUSIVE, reason)


def _arm(run: RunData) -> Iterator[Finding]:
    if run.plan.without_faults:
        yield _guard(CONTROL_ARM, CONTROL_ARM)


def _status(run: RunData) -> Iterator[Finding]:
    status = run_status(run)
    if status != "completed":
        why = run.events.last("run_closed").get("reason") or run.events.last("run_failed").get("reason")
        yield _guard("status", f"the run {status}" + (f": {why}" if why else ", it never closed its journal"))


def _program(run: RunData) -> Iterator[Finding]:
    """Whoever wrote this run did not get to its end: nobody knows what would have been expected."""
    for event in run.events.named("program_failed"):
        yield _guard("program", f"the program did not come to its end: {event.get('reason')}")
        return


def run_status(run: RunData) -> str:
    """completed | aborted | errored; a journal that was never closed reads errored."""
    status = str(run.events.last("run_closed").get("status") or "")
    if status:
        return status
    return "aborted" if number(run.events.last("run_failed").get("code")) in (130, 143) else "errored"


def _by_hand(run: RunData) -> Iterator[Finding]:
    for event in run.events.named("healed_by_hand"):
        at = run.events.at_us(event)
        when = f" at t+{run.wall_s(at):.1f} s" if at is not None else ""
        yield _guard("healed by hand", f"healed by hand{when}: run it again without")
        return


def _added(run: RunData) -> Iterator[Finding]:
    """Somebody broke something else meanwhile: whatever was seen is not this experiment's alone."""
    events = list(run.events.named("fault_by_hand"))
    if events:
        at = run.events.at_us(events[0])
        when = f" at t+{run.wall_s(at):.1f} s" if at is not None else ""
        names = ", ".join(dict.fromkeys(str(event.get("owner")) for event in events))
        yield _guard("added by hand", f"a fault was added by hand{when} ({names}): run it again without")


KILLED = 137
"""Exit code of a process that SIGKILL ended, which no process sends to itself."""


def _killed(run: RunData) -> Iterator[Finding]:
    """A service that somebody else killed: what follows from it follows from no fault of this run."""
    meant = {
        name
        for injection in run.plan.injections
        if acts_on(injection.fault) is ActsOn.SERVICES
        for name in injection.services
    }
    events = list(run.events.named("service_event"))
    starved = {event.get("service") for event in events if event.get("action") == "oom"}
    for event in events:
        name = event.get("service")
        if event.get("action") == "die" and event.get("code") == KILLED and name not in meant | starved:
            text = f"service {name} was killed by somebody else (code {KILLED}, and it was not out of memory)"
            yield _guard(f"service {name}", f"{text}: run it again")


def _died(run: RunData) -> Iterator[Finding]:
    """A process of ours that somebody killed was replaced, and its seconds are masked; what led to it is not known."""
    for event in run.events.named("disturbance"):
        what = str(event.get("what"))
        if what.endswith(ENDINGS):
            yield _guard("proxy replaced", f"{what}, where {event.get('caller') or '?'} calls: run it again")
            return


def _told(run: RunData) -> Iterator[Finding]:
    """What the harness itself wrote down while it ran."""
    for event in run.events.named("guard"):
        yield _guard(str(event.get("name") or "guard"), str(event.get("reason") or "a guard of the run spoke"))
    for event in run.events.named("stop_condition"):
        if event.get("verdict") != "failed":
            yield _guard("stop condition", f"stop condition met: {event.get('text') or '?'}")
    for border in dict.fromkeys(str(event.get("border")) for event in run.events.named("control_lost")):
        yield _guard(f"proxy of {border}", f"the proxy of {border} stopped answering for a while: run it again")


def _load(run: RunData, load: LoadAccount) -> Iterator[Finding]:
    report = run.events.last("load_report")
    if not report:
        if run_status(run) == "completed":
            yield _guard("load", "the load generator gave no account of its requests: run it again")
        return
    if load.offered != load.rows:
        yield _guard("load", f"{load.offered} requests were offered, {load.rows} are on record: run it again")
    told = number(report.get("rows"))
    if told is not None and int(told) != load.rows:
        yield _guard("store", f"the generator sent {int(told)} rows, {load.rows} were stored: run it again")
    if load.offered == 0 and load.rows == 0:
        yield _guard("load", "no request was due: give the load a rate and the phases some seconds")


def _steady_event(run: RunData) -> list[Finding]:
    event = run.events.last("steady_failed")
    return [_guard("steady", f"steady state not met: {event.get('reason') or '?'}")] if event else []


def _lost(run: RunData, hold: Hold) -> Iterator[Finding]:
    """Taken away by something else than its end; how long it held before is not known to the second."""
    if hold.lost:
        name = f"injection {hold.injection.id}"
        when = f" at t+{run.wall_s(hold.end_us):.1f} s" if hold.end_us is not None else ""
        held = f"held for {duration_text(round(hold.held_s, 1))} and was then lost" if hold.end_us else "did not hold"
        yield _guard(name, f"{name} {held}{when}: {hold.lost}; run it again")


def _injection(result: InjectionResult, stopped: bool, slow_s: float) -> Iterator[Finding]:
    """`slow_s`: what it may be short of, since its container took so long to be harmed."""
    name = f"injection {result.id}"
    if result.hold_at_s is None:
        if not stopped:
            yield _guard(name, f"{name} ({result.fault} on {result.target}) never held: see the journal for why")
        return
    if result.state == "stuck":
        yield _guard(name, f"{name} could not be healed when its time was over")
    if not result.effect.proved:
        yield _guard(name, f"{name} was not proved by effect: {result.effect.reason}")
    if not result.contained.proved:
        yield _guard(name, f"{name} was not contained: {result.contained.reason}")
    if not stopped:
        yield from _short(name, result, slow_s)


def _short(name: str, result: InjectionResult, slow_s: float) -> Iterator[Finding]:
    missing = result.planned_s - result.held_s - slow_s
    if missing > max(SHORT_SHARE * result.planned_s, SHORT_S):
        held, planned = duration_text(round(result.held_s, 1)), duration_text(result.planned_s)
        yield _guard(name, f"{name} held for {held} of {planned}: run it again without anything stopping it")
