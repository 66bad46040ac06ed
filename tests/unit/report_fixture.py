"""A realistic finished run for the report's tests: twelve dependents, eight phases, ten injections, seeded noise.

Numbers are synthetic, here and only here. `example(kind)` gives (record, verdict) for every way a run can end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from harness.model.fault import Fault, Injection
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
        "degraded",
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
        "degraded",
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
    Guest("dns-change", "operators", "Changing DNS", "", "", "", "down", good=0.0, left=0, back=148, via="dns-api"),
    Guest(
        "status-post", "operators", "Changing DNS", "", "", "", "down", good=0.0, left=10, back=32, via="status-page"
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

_SLOW = "slow"
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
    ("internal-dns", Fault("flags", flags=(("servfail", "0.4"),)), "dns-int", "blind", 10, 50),
    ("dns-changes", Fault("flags", flags=(("fail", "true"),)), "dns-api", "surge", 0, 148),
    ("identity", Fault(_SLOW, latency_s=2.5, share=0.3), "role:identity", "blind", 10, 190),
    ("control-api", Fault(_SLOW, latency_s=3.0, share=0.5), "role:control-plane", "blind", 10, 156),
    ("gateways", Fault("flags", flags=(("unhealthy", "5"),)), "gateway-east", "blind", 14, 188),
    ("event-bus", Fault("flags", flags=(("paused", "true"),)), "bus", "shed", 95, 155),
    ("status-page", Fault("refuse"), "status-page->bridge-east", "blind", 10, 32),
    ("monitoring", Fault("hang"), "role:monitoring", "surge", 0, 120),
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


FLOORS = (
    ("static-east", 0.9991),
    ("air-switch", 0.972),
    ("signup", 0.998),
    ("air-off", 0.9993),
    ("loaded-routes", 0.9304),
)
"""Least shares that objectives ask for are met with these."""


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
    role = "dependent" if guest.expected else "observer"
    return Service(guest.service, region=region, role=role, entry=Entry(8080), labels=labels)


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
            (target,) if fault.kind == "flags" else (),
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
            *(Objective(flow, "availability", Limit(">= 90%", low=0.9)) for flow, _ in FLOORS),
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
