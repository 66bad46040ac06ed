"""A whole file becomes the plan that it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.fault import Fault
from harness.model.load import Flow, RatePoint
from harness.model.objective import Limit, Objective, Role, SignatureCheck, Stop, Tag
from harness.model.plan import Plan
from harness.model.stack import Stack

Load = Callable[..., Plan]

WHOLE = """# yaml-language-server: $schema=experiment-v1.schema.json
version: 1
name: checkout-survives-us-east-1
title: Checkout stays up when us-east-1 goes
owner: team-orders
tags: [gate]
stack:
  compose: [compose.yaml, regions.overlay.yaml]
  environment: {checkout: {DB_TIMEOUT: "500ms", KEY_TTL: "60m@clock", PORT: 8080, DEBUG: true}}
  volumes: fresh
  seed: {exec: db, run: ["psql", "-f", "/seed.sql"]}
load:
  rate: 120/s
  arrivals: poisson
  deadline: 2s
  connections: recycle 20
  flows:
    checkout: {service: web, post: /checkout, json: {sku: 1}, weight: 3, ok: {status: [200, 201]}}
    browse:   {service: web, get: /, weight: 7}
steady: {for: 20s, expect: {checkout: {availability: ">= 99.5%"}}}
timeline:
  - {phase: slow,   at: 0s,  for: 30s, faults: [{on: "checkout->db", slow: {latency: 300ms, jitter: 50ms}}]}
  - {phase: gone,   at: 30s, for: 30s, faults: [{id: region, on: "us-east-1,!mailer", how: blackout}]}
  - {phase: after,  at: 60s, for: 30s}
expect:
  checkout: [{availability: ">= 99%", phases: [slow]}, {recovers_within: 15s, after: gone}]
  "checkout->db:5432": {retries: "<= 1.2"}
signature:
  - {point: 2, role: invariant, tag: emergent, flow: browse, availability: ">= 99%", source: "incidents.md 4.1"}
  - {point: 4, role: effect, tag: scripted, flow: browse, availability: "<= 2%", phases: [gone], needs: [region]}
limits: {regions: [us-east-1], faults: 2, for: 2m, protect: [mailer]}
stop: [{when: "checkout.availability < 20% for 10s", verdict: failed},
       {when: "host.memory_free < 500MB", verdict: inconclusive}]
brief: {why: The DB team is failing over., expected: HighLatency alert in 60 s, runbook: docs/db.md}
"""


def test_the_whole_file_of_the_reference_becomes_a_plan(load: Load) -> None:
    """surface.md §3, without what this version refuses by name (locustfile, actions) and on a 1x clock."""
    plan = load(WHOLE)
    assert (plan.name, plan.owner, plan.tags) == ("checkout-survives-us-east-1", "team-orders", ("gate",))
    assert [(p.name, p.start_s, p.end_s) for p in plan.phases] == [
        ("steady", -20, 0),
        ("slow", 0, 30),
        ("gone", 30, 60),
        ("after", 60, 90),
    ]
    assert plan.load.flows == (
        Flow("checkout", "web", 8080, "POST", "/checkout", '{"sku": 1}', 3.0, 2.0, (200, 201)),
        Flow("browse", "web", 8080, "GET", "/", "", 7.0, 2.0),
    )
    assert plan.load.rates == (RatePoint(0.0, 120.0),)
    assert (plan.load.connections, plan.load.slots) == ("recycle 20", 322)
    slow, region = plan.injections
    assert (slow.id, slow.fault) == ("slow", Fault("slow", latency_s=0.3, jitter_s=0.05))
    assert slow.edges == ("checkout->db:5432", "checkout->db:9187")
    assert (region.id, region.fault.kind, region.phase, region.start_s, region.end_s) == (
        "region",
        "blackout",
        "gone",
        30,
        60,
    )
    assert len(region.edges) == 8 and "checkout->mailer:25" not in region.edges
    assert plan.environment == (
        ("checkout", (("DB_TIMEOUT", "500ms"), ("KEY_TTL", "3600s"), ("PORT", "8080"), ("DEBUG", "true"))),
    )
    assert plan.seed_exec == ("db", ("psql", "-f", "/seed.sql"))
    assert plan.limits.protect == ("mailer",) and plan.limits.for_s == 120
    assert plan.stops == (
        Stop("checkout.availability < 20% for 10s", "checkout", "availability", True, 0.2, 10.0, "failed"),
        Stop("host.memory_free < 500MB", "host", "memory_free", True, 5e8, 1.0, "inconclusive"),
    )
    assert "Why: The DB team is failing over." in plan.notes


def test_objectives_know_their_phases_and_their_line(load: Load) -> None:
    plan = load(WHOLE)
    line = WHOLE.splitlines().index('  "checkout->db:5432": {retries: "<= 1.2"}') + 1
    assert plan.objectives == (
        Objective("checkout", "availability", Limit(">= 99%", low=0.99), ("slow",), line=line - 1, column=29),
        Objective("checkout", "recovers_within", Limit("15s", high=15.0), (), "gone", line=line - 1, column=74),
        Objective(
            "checkout->db:5432", "retries", Limit("<= 1.2", high=1.2), ("slow", "gone", "after"), line=line, column=34
        ),
    )
    assert plan.steady[0].phases == ("steady",)
    assert plan.signature[0].phases == ("slow", "gone", "after")
    assert plan.signature[1] == SignatureCheck(
        4,
        Role.EFFECT,
        Tag.SCRIPTED,
        "browse",
        "availability",
        Limit("<= 2%", high=0.02),
        ("gone",),
        needs=("region",),
        line=line + 3,
    )


def test_the_smallest_form_is_two_phases_and_says_what_it_assumed(load: Load) -> None:
    plan = load("version: 1\nbreak: us-east-1\n")
    assert [(p.name, p.start_s, p.end_s) for p in plan.phases] == [
        ("steady", -20, 0),
        ("during", 0, 30),
        ("after", 30, 45),
    ]
    assert plan.injections[0].fault.kind == "blackout" and plan.injections[0].id == "break"
    assert [flow.name for flow in plan.load.flows] == ["web", "static"]
    assert plan.load.flows[0].path == "/shop" and plan.load.rates[0].per_s == 40
    assert [(o.subject, o.metric, o.limit.low, o.limit.slack, o.phases) for o in plan.objectives] == [
        ("web", "availability", 0.9, 0.05, ("during",)),
        ("static", "availability", 0.9, 0.05, ("during",)),
    ]
    assert any(note.startswith("No flows in the file") for note in plan.notes)
    assert any(note.startswith("No expect in the file") for note in plan.notes)
    assert plan.warmup_s == 5 and plan.start_s == -25 and plan.name == "first"


def test_the_phase_after_is_long_enough_for_the_promised_recovery(load: Load) -> None:
    plan = load("version: 1\nbreak: db\nexpect: {web: {recovers_within: 20s}}\n")
    assert plan.phase("after").end_s - plan.phase("after").start_s == 20 + 15


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ("hang", Fault("hang")),
        ("{slow: 300ms}", Fault("slow", latency_s=0.3)),
        ("{slow: 0ms}", Fault("slow")),
        ("{slow: {latency: 300ms, jitter: 50ms}, share: 35%}", Fault("slow", 0.3, 0.05, share=0.35)),
        ("{slow: {latency: 20ms -> 400ms}}", Fault("slow", 0.4, 0.0, 0.02, 30.0, 10)),
        ("{slow: {latency: 20ms -> 400ms, over: 6s, steps: 3}}", Fault("slow", 0.4, 0.0, 0.02, 6.0, 3)),
        ("{bandwidth: 20KB/s}", Fault("bandwidth", rate_kbps=20)),
        ("{bandwidth: {rate: 1MB/s}}", Fault("bandwidth", rate_kbps=1000)),
        ("{hang: true}", Fault("hang")),
        ("{refuse: true, share: 0.5}", Fault("refuse", share=0.5)),
        ("{how: refuse}", Fault("refuse")),
    ],
)
def test_every_way_to_write_a_fault(load: Load, how: str, fault: Fault) -> None:
    assert load(f"version: 1\nbreak: db\nhow: {how}\n").injections[0].fault == fault


def test_flags_are_told_to_services_and_watched_on_their_edges(load: Load) -> None:
    injection = load("version: 1\nbreak: idp\nhow: {flags: {login: fail, share: 0.4, on: true}}\n").injections[0]
    assert injection.services == ("idp",)
    assert injection.fault.flags == (("login", '"fail"'), ("share", "0.4"), ("on", "true"))
    assert injection.edges == ("web->idp:8080", "checkout->idp:8080", "static->idp:8080")


INCIDENT = """version: 1
clock: {default: 240x, t0: "07:30 PST", phases: {surge: 30x}}
load: {rate: 100/s}
timeline:
  - phase: surge
    for: 3m
    faults:
      - {id: climb, on: tag:bridge, slow: {latency: 20ms -> 400ms, over: 3m, steps: 6}}
      - {id: long, on: idp, flags: {login: fail}, until: 100m}
  - {phase: blind, until: 118m, faults: [{id: late, on: db, hang: true, at: 60m, for: 40m}]}
  - {phase: tails, for: 1h 30m}
expect:
  web: {recovered_at: 90m..150m}
"""


def test_the_incident_clock_maps_phases_and_faults(load: Load) -> None:
    plan = load(INCIDENT)
    assert plan.incident_clock and plan.incident_t0 == "07:30 PST" and plan.clock_default == 240
    assert [(p.name, p.start_s, p.end_s) for p in plan.phases[1:]] == [
        ("surge", 0, 6),
        ("blind", 6, 34.75),
        ("tails", 34.75, 57.25),
    ]
    assert plan.phase("blind").incident_end_s == 118 * 60
    climb, long, late = plan.injections
    assert (climb.start_s, climb.end_s, climb.fault.ramp_over_s) == (0, 6, 6)
    assert (long.start_s, long.end_s) == (0, 30.25)
    assert (late.start_s, late.end_s) == (20.25, 30.25)
    assert plan.objectives[0].limit == Limit("90m..150m", low=5400.0, high=9000.0)
    assert any("order, not incident minutes" in note for note in plan.notes)


def test_the_clock_of_the_command_line_scales_everything(load: Load) -> None:
    plan = load(INCIDENT, clock="120x")
    assert [p.end_s for p in plan.phases[1:]] == [12, 69.5, 114.5]
    assert plan.clock_default == 120
    plan = load(INCIDENT, clock="surge=60x")
    assert plan.phase("surge").end_s == 3


def test_a_moved_phase_moves_everything_after_it(load: Load) -> None:
    longer = load(INCIDENT, overrides=["timeline.blind.until=178m", "expect={web: {recovered_at: never}}"])
    assert longer.phase("tails").start_s == 34.75 + 15
    assert longer.injections[1].end_s == 30.25


def test_the_control_arm_is_the_same_plan_without_injections(load: Load) -> None:
    plan, control = load(WHOLE), load(WHOLE, without_faults=True)
    assert control.without_faults and control.injections == ()
    assert control.objectives == plan.objectives and control.phases == plan.phases and control.load == plan.load


def test_the_seed_comes_from_the_command_line_the_file_or_its_contents(load: Load) -> None:
    text = "version: 1\nbreak: db\n"
    assert load(text).seed == load(text).seed
    assert load(text).seed != load(text + "# other\n").seed
    assert load(text + "seed: 7\n").seed == 7
    assert load(text + "seed: 7\n", seed=8).seed == 8


def test_faults_may_last_over_phases_and_default_phases_follow_them(load: Load) -> None:
    plan = load(
        "version: 1\ntimeline:\n  - {phase: calm, for: 10s}\n"
        "  - {phase: hit, for: 10s, faults: [{on: db, hang: true, until: 25s}]}\n  - {phase: end, for: 30s}\n"
        'expect: {web: {availability: ">= 90%"}}\n'
    )
    assert plan.objectives[0].phases == ("hit", "end")
    assert (plan.injections[0].start_s, plan.injections[0].end_s) == (10, 25)


def test_an_effect_may_need_a_fault_that_was_taken_out_and_the_plan_says_so(load: Load) -> None:
    """Leaving a fault out is how an effect is shown to come from it; a typing error looks the same and is named."""
    plan = load(
        "version: 1\nload: {rate: 200/s}\ntimeline:\n"
        "  - {phase: hit, for: 10s, faults: [{id: cut, on: db, hang: true}]}\n  - {phase: end, for: 30s}\nsignature:\n"
        '  - {point: 1, role: effect, tag: emergent, flow: web, availability: "<= 50%", needs: [cut, cutt]}\n'
    )
    assert plan.signature[0].needs == ("cut", "cutt")
    assert (
        "Line 7 needs 'cutt', which no fault here is called: it cannot be observed; did you mean 'cut'?" in plan.notes
    )


def test_an_effect_check_looks_at_the_phases_of_what_it_needs(load: Load) -> None:
    plan = load(
        "version: 1\nload: {rate: 200/s}\ntimeline:\n  - {phase: calm, for: 10s}\n"
        "  - {phase: hit, for: 10s, faults: [{id: f, on: db, hang: true, until: 25s}]}\n"
        "  - {phase: end, for: 30s}\n  - {phase: more, for: 30s}\n"
        'signature: [{point: 1, role: effect, tag: emergent, flow: web, availability: "<= 50%", needs: f}]\n'
    )
    assert plan.signature[0].phases == ("hit", "end")
    assert plan.objectives == ()


def test_keys_for_people_are_ignored(load: Load) -> None:
    plan = load("version: 1\nbreak: db\nx-ticket: OPS-1\nload: {x-why: peak, rate: 30/s}\n")
    assert plan.load.rates[0].per_s == 30


def test_rate_points_are_moments_of_the_timeline(load: Load) -> None:
    plan = load(INCIDENT.replace("rate: 100/s", "rate: [{at: 0m, rate: 100/s}, {at: 118m, rate: 50/s}]"))
    assert plan.load.rates == (RatePoint(0.0, 100.0), RatePoint(34.75, 50.0))


def test_the_file_is_named_and_hashed(load: Load, tmp_path: Path, shop: Stack) -> None:
    plan = load("version: 1\nbreak: db\n")
    assert plan.file == str(tmp_path / "first.chaos.yaml") and len(plan.sha256) == 64 and plan.stack == shop
