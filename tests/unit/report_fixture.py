"""A realistic finished run for the report's tests: twelve dependents, eight phases, ten injections, seeded noise.

Numbers are synthetic, here and only here. `example(kind)` gives (record, verdict) for every way a run can end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.model.fault import Fault, Injection, Kind
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
from harness.model.objective import Limit, Objective
from harness.model.plan import Phase, Plan
from harness.model.record import CanarySecond, EdgeSecond, PhaseWindow, Record
from harness.model.stack import Edge, Entry, Service, Stack

RUN = "20261122T201500Z-aws-us-east-1-4f2a"
WARMUP, STEADY, RATE, DEADLINE = 5.0, 20.0, 10.0, 2.0


@dataclass(frozen=True)
class Guest:
    """One dependent as the fixture plays it: out from `left` to `back`, answering `good` of its requests."""

    name: str
    service: str
    title: str
    strategy: str
    like: str
    expected: str
    status: str
    good: float = 0.999
    slow_s: float = 0.02
    base_s: float = 0.012
    left: float = 0.0
    back: float = 0.0
    via: str = ""


GUESTS = (
    Guest(
        "static-east",
        "static-east",
        "Static site, east",
        "running instances, no control plane on the path",
        "as AWS instances that were running",
        "survived",
        "survived",
    ),
    Guest(
        "air-switch",
        "air-switch",
        "Airline, warm standby",
        "warm standby in the west, switched by its own router",
        "as Southwest",
        "survived",
        "survived",
        good=0.12,
        slow_s=1.2,
        left=10,
        back=22,
        via="objects-east",
    ),
    Guest(
        "signup",
        "signup",
        "Sign-up",
        "own fallback to a second region",
        "as RunSignup",
        "survived",
        "survived",
        good=0.997,
        slow_s=0.09,
        left=10,
        back=146,
        via="objects-east",
    ),
    Guest(
        "air-off",
        "air-off",
        "Airlines elsewhere",
        "not on the provider",
        "as American, United, Alaska, JetBlue",
        "unaffected",
        "unaffected",
    ),
    Guest(
        "loaded-routes",
        "last-mile",
        "Drivers on the road",
        "cached session, work in hand",
        "as delivery drivers already on the road",
        "survived",
        "survived",
        good=0.94,
        left=10,
        back=146,
    ),
    Guest(
        "video-multi",
        "video-multi",
        "Video, several regions",
        "several regions, a share in the east",
        "as Netflix",
        "degraded",
        "degraded",
        good=0.74,
        slow_s=0.43,
        left=10,
        back=122,
        via="objects-east",
    ),
    Guest(
        "retail-shop",
        "retail-shop",
        "Shop",
        "east, some of it elsewhere",
        "as Amazon retail",
        "slow",
        "degraded",
        good=0.72,
        slow_s=1.48,
        left=10,
        back=125,
        via="objects-east",
    ),
    Guest(
        "newswire",
        "newswire",
        "Newswire",
        "single region",
        "as AP publishing",
        "down",
        "down",
        good=0.02,
        slow_s=2.0,
        left=10,
        back=122,
        via="objects-east",
    ),
    Guest(
        "flex-login",
        "last-mile",
        "Drivers signing in",
        "every start needs a login",
        "as Amazon Flex",
        "down",
        "down",
        good=0.01,
        slow_s=2.0,
        left=12,
        back=147,
        via="identity-east",
    ),
    Guest(
        "air-ctrl",
        "air-ctrl",
        "Airline, DNS failover",
        "fails over by a DNS change",
        "as those who planned that way",
        "down",
        "down",
        good=0.03,
        slow_s=2.0,
        left=10,
        back=152,
        via="dns-api",
    ),
    Guest(
        "phone",
        "air-phone",
        "Airline phones",
        "managed contact centre",
        "as Delta's phones",
        "down",
        "down",
        good=0.05,
        slow_s=2.0,
        left=14,
        back=190,
        via="gateway-east",
    ),
    Guest(
        "wallet-p2p",
        "wallet-p2p",
        "Payments",
        "single region, database in the east",
        "as Venmo",
        "down",
        "down",
        good=0.02,
        slow_s=2.0,
        left=10,
        back=123,
        via="objects-east",
    ),
)

_PHASES = (
    ("steady", -20, 0, -30, 0),
    ("surge", 0, 10, 0, 3),
    ("blind", 10, 50, 3, 118),
    ("dns-moved", 50, 95, 118, 305),
    ("shed", 95, 120, 305, 364),
    ("relief", 120, 145, 364, 412),
    ("restore", 145, 165, 412, 430),
    ("tails", 165, 215, 430, 670),
)

_SLOW = Kind.SLOW
_INJECTIONS = (
    (
        "bridge",
        Fault(_SLOW, latency_s=0.4, ramp_from_s=0.02, ramp_over_s=10, ramp_steps=10),
        "tag:bridge",
        "surge",
        0,
        10,
    ),
    ("bridge-full", Fault(_SLOW, latency_s=1.5, jitter_s=0.8, share=0.35), "tag:bridge", "blind", 10, 120),
    ("internal-dns", Fault(Kind.FLAGS, flags=(("servfail", "0.4"),)), "dns-int", "blind", 10, 50),
    ("dns-changes", Fault(Kind.FLAGS, flags=(("fail", "true"),)), "dns-api", "surge", 0, 148),
    ("identity", Fault(_SLOW, latency_s=2.5, share=0.3), "role:identity", "blind", 10, 190),
    ("control-api", Fault(_SLOW, latency_s=3.0, share=0.5), "role:control-plane", "blind", 10, 156),
    ("gateways", Fault(Kind.FLAGS, flags=(("unhealthy", "5"),)), "gateway-east", "blind", 14, 188),
    ("event-bus", Fault(Kind.FLAGS, flags=(("paused", "true"),)), "bus", "shed", 95, 155),
    ("status-page", Fault(Kind.REFUSE), "status-page->bridge-east", "blind", 10, 32),
    ("monitoring", Fault(Kind.HANG), "role:monitoring", "surge", 0, 120),
)

_PROVIDER = (
    "bridge-east",
    "objects-east",
    "identity-east",
    "gateway-east",
    "dns-int",
    "dns-api",
    "control-api",
    "bus",
    "status-page",
    "metrics",
)


def stack() -> Stack:
    """Twenty-odd services in three regions, every dependent behind its own entry."""
    names = dict.fromkeys(guest.service for guest in GUESTS)
    by_service = {guest.service: guest for guest in reversed(GUESTS)}
    guests = [_service(by_service[name]) for name in names]
    provider = [Service(name, region="us-east-1", role="provider") for name in _PROVIDER]
    edges = [Edge("load", name, 8080, caller_region="internet", callee_region="us-east-1") for name in names]
    edges += [Edge(guest.service, guest.via, 8080) for guest in GUESTS if guest.via]
    edges += [
        Edge("objects-east", "bridge-east", 8080, tag="bridge"),
        Edge("identity-east", "bridge-east", 8080, tag="bridge"),
    ]
    edges += [Edge("static-east", "objects-west", 8080)]
    west = [Service("objects-west", region="us-west-2", role="object-store")]
    return Stack("aws-2021", (*guests, *provider, *west), tuple(dict.fromkeys(edges)))


def _service(guest: Guest) -> Service:
    labels = (
        ("regionfall.title", guest.title),
        ("regionfall.strategy", guest.strategy),
        ("regionfall.expected", guest.expected),
        ("regionfall.like", guest.like),
    )
    region = "elsewhere" if guest.name == "air-off" else "us-east-1"
    return Service(guest.service, region=region, role="dependent", entry=Entry(8080), labels=labels)


def plan() -> Plan:
    """The replay's plan: 240 s of wall time for 700 minutes of the incident."""
    phases = tuple(Phase(name, a, b, c * 60, d * 60) for name, a, b, c, d in _PHASES)
    edges = {"tag:bridge": ("objects-east->bridge-east:8080", "identity-east->bridge-east:8080")}
    injections = tuple(
        Injection(
            name,
            fault,
            target,
            phase,
            start,
            end,
            edges.get(target, (f"newswire->{name}:8080",)),
            (target,) if fault.kind is Kind.FLAGS else (),
            source="incidents.md 4.1 <P*>",
        )
        for name, fault, target, phase, start, end in _INJECTIONS
    )
    return Plan(
        name="aws-us-east-1-2021-12-07",
        title="When us-east-1 went: 7 December 2021, replayed",
        file="experiments/aws-us-east-1-2021-12-07.chaos.yaml",
        sha256="0" * 64,
        seed=20211207,
        stack=stack(),
        load=Load(
            (RatePoint(0, RATE * len(GUESTS)),),
            tuple(Flow(g.name, g.service, 8080, deadline_s=DEADLINE) for g in GUESTS),
        ),
        warmup_s=WARMUP,
        phases=phases,
        injections=injections,
        objectives=(
            *(Objective(flow, "availability", Limit(">= 90%", low=0.9)) for flow, _ in _FLOORS),
            Objective("static-east", "p95", Limit("<= 300ms", high=0.3)),
        ),
        incident_clock=True,
        incident_t0="07:30 PST",
        notes=("The order of the tails is claimed, their minutes are not: a backlog drains on wall time.",),
    )


def samples(until: float = 215.0, *, seed: int = 7, broken: str = "") -> tuple[Sample, ...]:
    """Seeded samples of every guest up to `until`; the guest named `broken` fails like a single region."""
    rng = np.random.default_rng(seed)
    rows: list[Sample] = []
    for guest in GUESTS:
        if guest.name == broken:
            guest = replace(guest, good=0.02, slow_s=2.0, left=10, back=122)
        rows += _guest_samples(guest, until, rng)
    return tuple(sorted(rows, key=lambda sample: sample.due_us))


def _guest_samples(guest: Guest, until: float, rng: np.random.Generator) -> list[Sample]:
    start = -WARMUP - STEADY
    count = int((until - start) * RATE)
    due = start + np.sort(rng.random(count)) * (until - start)
    out = (due >= guest.left) & (due < guest.back)
    good = rng.random(count) < np.where(out, guest.good, 0.9992)
    latency = rng.lognormal(
        np.log(np.where(out, np.maximum(guest.slow_s * 0.6, guest.base_s), guest.base_s)), 0.35, count
    )
    return [
        Sample(
            due_us=round((due[i] - start) * 1e6),
            flow=guest.name,
            latency_us=round(min(latency[i], 1.98) * 1e6) if good[i] else round(DEADLINE * 1e6),
            outcome=Outcome.OK if good[i] else Outcome.TIMEOUT,
            status=200 if good[i] else 0,
        )
        for i in range(count)
    ]


def edge_seconds(until: float = 215.0) -> tuple[EdgeSecond, ...]:
    """Bytes of every edge, a second each; an edge of a guest that is out carries its share."""
    rng = np.random.default_rng(11)
    start = -WARMUP - STEADY
    by_service = {guest.service: guest for guest in GUESTS}
    rows = []
    for edge in stack().edges:
        guest = by_service.get(edge.callee if edge.caller == "load" else edge.caller, GUESTS[7])
        for second in range(int(until - start)):
            wall = second + start
            share = max(guest.good, 0.03) if guest.left <= wall < guest.back else 1.0
            size = int(rng.normal(9000, 500) * share)
            rows.append(EdgeSecond(second * 1_000_000, edge.id, up_bytes=size // 5, down_bytes=size, requests=10))
    return tuple(rows)


def record(until: float = 215.0, *, broken: str = "") -> Record:
    """Everything on disk of a run that lived until `until` wall seconds after t=0."""
    zero = round((WARMUP + STEADY) * 1e6)
    phases = tuple(
        PhaseWindow(name, zero + round(a * 1e6), zero + round(min(b, until) * 1e6))
        for name, a, b, _, _ in _PHASES
        if a < until
    )
    canary = tuple(CanarySecond(second * 1_000_000, "us-east-1", 5, 0, 310, 900) for second in range(int(until + 25)))
    environment = (("machine", "2 cores, 8 GB"), ("engine", "20.10.24"), ("toxiproxy", "2.12.0"), ("pressure", "41 %"))
    return Record(
        RUN, plan(), phases, samples(until, broken=broken), edge_seconds(until), canary, (), environment, zero
    )


def _injection_results(state: str = "healed", until: float = 215.0) -> tuple[InjectionResult, ...]:
    return tuple(_injection_result(injection, state, until) for injection in plan().injections)


def _injection_result(injection: Injection, state: str, until: float) -> InjectionResult:
    began, ended = injection.start_s < until, injection.end_s <= until
    told = injection.fault.kind is Kind.FLAGS
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


_FLOORS = (
    ("static-east", 0.9991),
    ("air-switch", 0.972),
    ("signup", 0.998),
    ("air-off", 0.9993),
    ("loaded-routes", 0.9304),
)


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
        for i, (flow, value) in enumerate(_FLOORS)
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
    injection = Injection("gone", Fault(Kind.REFUSE), "web->db", "gone", 0, 20, ("web->db:5432",))
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


def example(kind: str) -> tuple[Record, Verdict]:
    """(record, verdict) of one way to end; KeyError names an unknown one."""
    return KINDS[kind]()
