"""Every way a run can end, on the data of report_fixture: (record, verdict) by `example(kind)`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from report_fixture import FLOORS, GUESTS, RUN, Guest, plan, record

from harness.model.fault import Fault, Injection
from harness.model.finding import (
    Answer,
    DependentStory,
    Evidence,
    Finding,
    FindingKind,
    InjectionResult,
    LoadAccount,
    PathStep,
    Verdict,
)
from harness.model.load import Flow, Load, Outcome, RatePoint, Sample
from harness.model.plan import Phase, Plan
from harness.model.record import EdgeSecond, PhaseWindow, Record
from harness.model.stack import Edge, Entry, Service, Stack
from harness.report.facts import Facts, build_facts


def _injection_results(state: str = "healed", until: float = 215.0) -> tuple[InjectionResult, ...]:
    return tuple(_injection_result(injection, state, until) for injection in plan().injections)


def _injection_result(injection: Injection, state: str, until: float) -> InjectionResult:
    began, ended = injection.start_s < until, injection.end_s <= until
    told = injection.fault.kind == "flags"
    effect = Evidence(
        proved=began,
        measure="share of answers that are errors" if told else "median response time",
        before=0.0 if told else 0.0021,
        during=(0.41 if told else 1.49) if began else None,
        n_before=400,
        n_during=800 if began else 0,
        reason="" if began else "never began",
    )
    contained = Evidence(proved=began, measure="round trip outside the target", before=0.00031, during=0.00033)
    planned = injection.end_s - injection.start_s
    return InjectionResult(
        id=injection.id,
        fault=str(injection.fault.kind),
        target=injection.target,
        edges=injection.edges,
        phase=injection.phase,
        state=state if began else "pending",
        planned_s=planned,
        held_s=min(planned, max(until - injection.start_s, 0)),
        effect=effect,
        contained=contained,
        spill_over=("signup->objects-west:8080",) if injection.id == "bridge-full" else (),
        hold_at_s=injection.start_s + 0.02 if began else None,
        heal_at_s=min(injection.end_s, until) + 0.2 if began and (ended or until < 215) else None,
    )


def _stories(changed: dict[str, str] | None = None) -> tuple[DependentStory, ...]:
    return tuple(_story(guest, (changed or {}).get(guest.name, guest.status)) for guest in GUESTS)


def _story(guest: Guest, status: str) -> DependentStory:
    via = guest.via or "objects-east"
    path: tuple[PathStep, ...] = ()
    if status in ("degraded", "down"):
        path = (
            PathStep(f"{via}->bridge-east:8080", 10.1, "median response time", 0.0021, 1.49, "bridge-full"),
            PathStep(f"{guest.service}->{via}:8080", 10.4, "share of requests given up", 0.0, 0.34, ""),
        )
    observed = {"down": "down: 2 % answered well while faults held"}.get(status, status)
    return DependentStory(guest.name, guest.service, guest.strategy, guest.expected, observed, status, path)


def _objectives() -> tuple[Finding, ...]:
    return tuple(
        Finding(
            f"{flow} availability",
            FindingKind.OBJECTIVE,
            Answer.PASSED,
            flow=flow,
            metric="availability",
            observed=value,
            interval=(value - 0.008, value + 0.0004),
            limit=">= 90%",
            n=1950,
            phases=("blind", "dns-moved", "shed"),
            line=40 + i,
        )
        for i, (flow, value) in enumerate(FLOORS)
    )


def _signature() -> tuple[Finding, ...]:
    rows = (
        (2, "static-east p95_ratio", "static-east", "p95_ratio", 1.02, "<= 110% or +20ms", "invariant", "emergent", ""),
        (3, "flex-login availability", "flex-login", "availability", 0.011, "<= 5%", "effect", "emergent", ""),
        (4, "air-ctrl availability", "air-ctrl", "availability", 0.027, "<= 10%", "effect", "scripted", ""),
        (5, "retail-shop p95", "retail-shop", "p95", 1.48, ">= 1s", "effect", "emergent", ""),
        (
            7,
            "air-ctrl recovered_at",
            "air-ctrl",
            "recovered_at",
            25260.0,
            "404m..436m",
            "effect",
            "emergent",
            "t+421 min ± 2",
        ),
        (8, "load->video-multi:8080 bytes_ratio", "", "bytes_ratio", 0.743, "70%..78%", "effect", "calibrated", ""),
        (
            9,
            "phone recovered_at",
            "phone",
            "recovered_at",
            33060.0,
            "536m..566m",
            "effect",
            "emergent",
            "t+551 min ± 5",
        ),
    )
    return tuple(
        Finding(
            name,
            FindingKind.SIGNATURE,
            Answer.PASSED,
            point=point,
            role=role,
            tag=tag,
            flow=flow,
            metric=metric,
            observed=observed,
            limit=limit,
            n=1100,
            phase="blind",
            incident=incident,
            edge="" if flow else "load->video-multi:8080",
        )
        for point, name, flow, metric, observed, limit, role, tag, incident in rows
    )


def passed() -> tuple[Record, Verdict]:
    """The replay as it should end."""
    rec = record()
    load = LoadAccount(offered=len(rec.samples), rows=len(rec.samples), late=0, no_slot=0, lateness_p99_s=0.0007)
    verdict = Verdict(
        run=RUN,
        experiment=rec.plan.name,
        status="completed",
        verdict=Answer.PASSED,
        cleanup="verified",
        reasons=("5 of 5 objectives passed",),
        findings=_objectives() + _signature(),
        injections=_injection_results(),
        load=load,
        fidelity_observed=7,
        fidelity_total=7,
        stories=_stories(),
        environment=rec.environment,
        exit_code=0,
        headline="Replay faithful 7/7 · survived 5 · degraded 2 · down 5, as in 2021 · PASSED",
        blocked=("newswire -> 10.0.0.9:9999 (12)",),
    )
    return rec, verdict


def failed() -> tuple[Record, Verdict]:
    """air-switch turned to a single region: one objective is missed."""
    _, verdict = passed()
    rec = record(broken="air-switch")
    reason = "air-switch: 5.4 % answered well and in time (95 % interval 4.4 % … 6.5 %), must be at least 90 %"
    missed = replace(verdict.findings[1], verdict=Answer.FAILED, observed=0.054, interval=(0.044, 0.065), reason=reason)
    findings = (verdict.findings[0], missed, *verdict.findings[2:])
    return rec, replace(
        verdict,
        verdict=Answer.FAILED,
        exit_code=1,
        findings=findings,
        reasons=(reason,),
        stories=_stories({"air-switch": "down"}),
        headline="Replay faithful 7/7 · survived 4 · degraded 2 · down 6 · FAILED",
    )


def inconclusive() -> tuple[Record, Verdict]:
    """One fault changed nothing that could be measured, and one objective had too few requests."""
    rec, verdict = passed()
    reason = (
        "injection status-page: 0 requests crossed status-page->bridge-east:8080 while it held, so nothing shows "
        "that it bit; send traffic over that connection or leave the fault out"
    )
    effect = Evidence(False, "connections refused", 0.0, None, 12, 0, "no traffic while it held")
    injections = tuple(replace(i, effect=effect) if i.id == "status-page" else i for i in verdict.injections)
    few = "43 requests cannot tell 99.7 % from the limit of 99.5 %; 600 would (6/s more, or 50 s longer)"
    doubt = replace(
        verdict.findings[2], verdict=Answer.INCONCLUSIVE, observed=0.997, n=43, limit=">= 99.5%", reason=few
    )
    guard = Finding("injection status-page", FindingKind.GUARD, Answer.INCONCLUSIVE, reason=reason)
    findings = (guard, *verdict.findings[:2], doubt, *verdict.findings[3:])
    return rec, replace(
        verdict,
        verdict=Answer.INCONCLUSIVE,
        exit_code=3,
        reasons=(reason, f"signup: {few}"),
        findings=findings,
        injections=injections,
        headline="Replay faithful 7/7 · survived 5 · degraded 2 · down 5 · INCONCLUSIVE",
        disturbances=("proxy of newswire in us-east-1 was replaced at 42 s",),
    )


def aborted() -> tuple[Record, Verdict]:
    """Ctrl-C half a minute into the outage."""
    rec, (_, verdict) = record(until=31.0), passed()
    load = LoadAccount(offered=len(rec.samples), rows=len(rec.samples), lateness_p99_s=0.0009)
    return rec, replace(
        verdict,
        status="aborted",
        verdict=Answer.INCONCLUSIVE,
        exit_code=130,
        load=load,
        findings=(),
        stories=(),
        injections=_injection_results(until=31.0),
        fidelity_observed=0,
        headline="Stopped in phase blind · nothing decided",
        reasons=(
            "stopped by Ctrl-C in phase blind, 31 s after t=0; clean-up verified. Run it again to its end to decide",
        ),
    )


def errored() -> tuple[Record, Verdict]:
    """A container died while starting: no phase, no sample, no injection."""
    rec = replace(record(until=-24.0), phases=(), samples=(), edge_seconds=(), canary=(), zero_us=0)
    reason = (
        "service objects-east exited with code 1 while starting; its last 40 log lines are in logs/objects-east.log"
    )
    verdict = Verdict(
        run=RUN,
        experiment=rec.plan.name,
        status="errored",
        verdict=None,
        cleanup="verified",
        reasons=(reason,),
        findings=(),
        injections=(),
        load=LoadAccount(),
        fidelity_total=7,
        exit_code=4,
        environment=rec.environment,
    )
    return rec, verdict


def unclean() -> tuple[Record, Verdict]:
    """A fault could not be shown to be gone."""
    rec, verdict = passed()
    stuck = tuple(replace(i, state="stuck", heal_at_s=None) if i.id == "identity" else i for i in verdict.injections)
    reason = "injection identity may still hold on identity-east->bridge-east:8080. Run: regionfall heal"
    return rec, replace(verdict, cleanup="unverified", exit_code=7, injections=stuck, reasons=(reason,))


def quick() -> tuple[Record, Verdict]:
    """A plain experiment without an incident: one flow, one fault, no signature, no labels; hostile names."""
    nasty = "<img src=x onerror=alert(1)></script>"
    service = Service("web", region="local", entry=Entry(8080))
    edges = (Edge("load", "web", 8080, caller_region="internet"), Edge("web", "db", 5432))
    phases = (Phase("steady", -10, 0, -10, 0), Phase("gone", 0, 20, 0, 20), Phase("after", 20, 40, 20, 40))
    injection = Injection("gone", Fault("refuse"), "web->db", "gone", 0, 20, ("web->db:5432",))
    flow = Flow("web", "web", 8080)
    whole = Plan(
        name="break-web-db",
        title=nasty,
        file="break",
        sha256="1" * 64,
        seed=5,
        stack=Stack("shop", (service, Service("db")), edges),
        load=Load((RatePoint(0, 20),), (flow,)),
        warmup_s=2.0,
        phases=phases,
        injections=(injection,),
        notes=(nasty,),
    )
    rng = np.random.default_rng(3)
    rows = []
    for i in range(52 * 20):
        due = i / 20
        bad = 12 <= due < 32.4
        outcome = Outcome.BAD_STATUS if bad else Outcome.OK
        rows.append(Sample(round(due * 1e6), "web", int(rng.normal(9000, 900)), outcome, 503 if bad else 200))
    windows = (
        PhaseWindow("steady", 2_000_000, 12_000_000),
        PhaseWindow("gone", 12_000_000, 32_000_000),
        PhaseWindow("after", 32_000_000, 52_000_000),
    )
    seconds = tuple(EdgeSecond(s * 1_000_000, "load->web:8080", 3000, 9000) for s in range(52))
    rec = Record(
        "20261122T210000Z-break-web-db-11aa",
        whole,
        windows,
        tuple(rows),
        seconds,
        (),
        (),
        (("engine", nasty),),
        12_000_000,
    )
    reason = f"web: 0 % answered well and in time, must be at least 90 % {nasty}"
    finding = Finding(
        "web availability",
        FindingKind.OBJECTIVE,
        Answer.FAILED,
        flow="web",
        metric="availability",
        observed=0.0,
        interval=(0.0, 0.007),
        limit=">= 90%",
        n=400,
        phase="gone",
        reason=reason,
    )
    result = InjectionResult(
        "gone",
        "refuse",
        "web->db",
        ("web->db:5432",),
        "gone",
        "healed",
        20.0,
        20.1,
        Evidence(True, "connections refused", 0.0, 1.0, 180, 400),
        Evidence(True),
        (),
        0.01,
        20.1,
    )
    step = PathStep("web->db:5432", 0.1, "connections refused", 0.0, 1.0, "gone")
    story = DependentStory("web", "web", "", "", "0 % answered well", "down", (step,))
    verdict = Verdict(
        run=rec.run,
        experiment="break-web-db",
        status="completed",
        verdict=Answer.FAILED,
        cleanup="verified",
        reasons=(reason,),
        findings=(finding,),
        injections=(result,),
        load=LoadAccount(len(rows), len(rows), 0, 0, 0.001),
        stories=(story,),
        exit_code=1,
        headline="down 1 · FAILED",
    )
    return rec, verdict


KINDS = {
    "passed": passed,
    "failed": failed,
    "inconclusive": inconclusive,
    "aborted": aborted,
    "errored": errored,
    "unclean": unclean,
    "quick": quick,
}


@cache
def example(kind: str) -> tuple[Record, Verdict]:
    """(record, verdict) of one way to end; KeyError names an unknown one."""
    return KINDS[kind]()


@cache
def facts(kind: str) -> Facts:
    """The same, ready to be shown."""
    return build_facts(*example(kind))
