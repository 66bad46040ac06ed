"""Guards, precedence, exit codes, signature, stories: a whole record in, a verdict out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from synthetic_run import (
    DB,
    HANG,
    REFUSE,
    SIDE,
    SLOW,
    WEB,
    Run,
    check,
    fine,
    hanging_edge,
    healthy,
    injection,
    objective,
    out,
    refusing_edge,
    slow,
    slow_edge,
    slowed,
    traffic,
    us,
)

from harness.analysis.judge import judge
from harness.analysis.steady import baseline_broken
from harness.analysis.wire import verdict_to_json
from harness.model.finding import Answer, Verdict
from harness.model.load import Outcome, Sample
from harness.model.record import Record
from harness.model.stack import Service

PASSED, FAILED, INCONCLUSIVE = Answer.PASSED, Answer.FAILED, Answer.INCONCLUSIVE


def verdict(run: Run) -> Verdict:
    return judge(run.record())


def event(what_happened: str, /, **fields: Any) -> Mapping[str, Any]:
    return {"event": what_happened, **fields}


MISSED = (objective("availability", ">= 0.95"),)
BROKEN = slowed(answer=out(0, 30), objectives=MISSED)


# -- precedence, rule by rule


def test_all_well_passes_with_exit_0_and_no_reason() -> None:
    found = verdict(slowed())
    assert (found.verdict, found.exit_code, found.reasons) == (PASSED, 0, ())
    assert (found.status, found.cleanup) == ("completed", "verified")


def test_a_missed_objective_fails_with_exit_1_and_is_named() -> None:
    found = verdict(BROKEN)
    assert (found.verdict, found.exit_code) == (FAILED, 1)
    assert found.reasons[0].startswith("shop availability >= 0.95 in gone: observed 0 %")


def test_clean_up_unverified_outranks_everything() -> None:
    exists = (objective("availability", ">= 1", existential=True),)
    found = verdict(
        slowed(answer=out(0, 30), objectives=exists, closed={"status": "completed", "cleanup": "unverified"})
    )
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 7)
    assert "clean-up unverified" in found.reasons[0]
    assert len(found.reasons) == 2


def test_a_counterexample_outranks_a_guard() -> None:
    exists = (objective("availability", ">= 1", existential=True),)
    found = verdict(slowed(answer=out(3, 4), objectives=exists, edges={DB: traffic()}))
    assert (found.verdict, found.exit_code) == (FAILED, 1)
    assert "not proved by effect" in " ".join(found.reasons[1:])


def test_an_unproved_injection_outranks_a_missed_objective() -> None:
    found = verdict(replace(BROKEN, edges={DB: traffic()}))
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert found.reasons[0].startswith("injection fault was not proved by effect")
    assert any("shop availability" in reason for reason in found.reasons)


def test_a_missed_objective_outranks_a_missing_point() -> None:
    found = verdict(replace(BROKEN, signature=(check(2, "availability", ">= 0.99", effect=False),)))
    assert (found.verdict, found.exit_code) == (FAILED, 1)
    assert "signature point 2 not observed" in found.reasons[1]


def test_a_missing_point_outranks_an_undecided_objective() -> None:
    undecided = (objective("p99", "<= 0.5"),)
    run = slowed(rate=5, objectives=undecided, signature=(check(4, "availability", "<= 0.01"),))
    found = verdict(run)
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert "point 4" in found.reasons[0]
    assert "p99" in found.reasons[1]


def test_an_undecided_objective_is_inconclusive_and_says_what_would_decide() -> None:
    found = verdict(slowed(rate=5, objectives=(objective("p99", "<= 0.5"),)))
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert "would decide" in found.reasons[0]


def test_a_run_that_asks_nothing_is_inconclusive() -> None:
    found = verdict(slowed(objectives=()))
    assert found.verdict is INCONCLUSIVE
    assert "nothing was asked" in found.reasons[0]


# -- status and exit codes


@pytest.mark.parametrize(("signal", "code"), [(2, 130), (15, 143), (None, 130)])
def test_a_run_that_was_stopped_ends_with_its_signal(signal: int | None, code: int) -> None:
    closed = {"status": "aborted", "cleanup": "verified", "reason": "stopped by a signal"} | (
        {"signal": signal} if signal else {}
    )
    found = verdict(slowed(closed=closed))
    assert (found.verdict, found.exit_code, found.status) == (INCONCLUSIVE, code, "aborted")
    assert "stopped by a signal" in found.reasons[0]


def test_a_stopped_run_that_is_not_clean_ends_with_7() -> None:
    assert verdict(slowed(closed={"status": "aborted", "cleanup": "unverified", "signal": 2})).exit_code == 7


def test_an_environment_error_ends_with_4_and_a_bug_with_70() -> None:
    closed = {"status": "errored", "cleanup": "verified", "reason": "the load died"}
    assert verdict(slowed(closed=closed)).exit_code == 4
    assert verdict(slowed(closed=closed, more_events=(event("crash", reason="oops"),))).exit_code == 70


def test_a_journal_that_was_never_closed_after_a_fault_is_not_clean() -> None:
    found = verdict(slowed(closed=None))
    assert (found.status, found.cleanup, found.exit_code) == ("errored", "unverified", 7)


def test_a_run_that_failed_before_any_fault_needs_no_clean_up() -> None:
    record = replace(slowed().record(), phases=(), samples=(), edge_seconds=(), canary=())
    record = replace(record, events=(event("run_failed", reason="no engine", code=4),))
    found = judge(record)
    assert (found.status, found.cleanup, found.exit_code) == ("errored", "verified", 4)
    assert "no engine" in found.reasons[0]


def test_an_interrupt_before_the_load_is_an_abort() -> None:
    record = replace(slowed().record(), phases=(), samples=(), edge_seconds=(), canary=())
    found = judge(replace(record, events=(event("run_failed", reason="interrupted", code=130),)))
    assert (found.status, found.exit_code) == ("aborted", 130)


# -- guards


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"load_report": {"offered": 5000}}, "5000 requests were offered"),
        ({"load_report": {"rows": 77}}, "77 rows"),
        ({"load_report": None}, "no account"),
        ({"more_events": (event("healed_by_hand", at_us=us(10)),)}, "healed by hand"),
        ({"more_events": (event("program_failed", reason="KeyError('x')"),)}, "did not come to its end: KeyError('x')"),
        (
            {"more_events": (event("fault_by_hand", owner="hand-4f2a", at_us=us(10)),)},
            "a fault was added by hand at t+10.0 s (hand-4f2a)",
        ),
        (
            {"more_events": (event("disturbance", what="proxy replaced: HAProxy ended", caller="web", at_us=us(10)),)},
            "proxy replaced: HAProxy ended, where web calls",
        ),
        (
            {"more_events": (event("service_event", service="mail", action="die", code=137),)},
            "service mail was killed by somebody else",
        ),
        ({"more_events": (event("guard", name="host", reason="the host slept"),)}, "the host slept"),
        ({"more_events": (event("control_lost", border="east", reason="?"),)}, "proxy of east"),
        (
            {"more_events": (event("stop_condition", text="x < 1", verdict="inconclusive"),)},
            "stop condition met: x < 1",
        ),
        ({"more_events": (event("steady_failed", reason="shop p95"),)}, "steady state not met: shop p95"),
        ({"holds": {"fault": (0.02, 20.0)}}, "held for 20 s of 30 s"),
        ({"holds": {"fault": None}}, "never held"),
        ({"canary": lambda _t: {}}, "not contained"),
        ({"edges": {}}, f"no traffic crossed {DB}"),
    ],
)
def test_every_guard_makes_a_run_inconclusive_and_says_why(changes: dict[str, Any], words: str) -> None:
    found = verdict(slowed(**changes))
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert words in found.reasons[0]
    assert any(f.kind == "guard" and f.verdict is INCONCLUSIVE for f in found.findings)


@pytest.mark.parametrize(
    "events",
    [
        (event("service_event", service="mail", action="die", code=1),),
        (
            event("service_event", service="mail", action="oom"),
            event("service_event", service="mail", action="die", code=137),
        ),
    ],
    ids=["its own end", "out of memory"],
)
def test_a_service_that_ends_by_itself_or_for_want_of_memory_is_a_finding_and_no_excuse(events):
    assert not [f for f in verdict(Run(more_events=events)).findings if f.name.startswith("service mail")]


def test_guards_of_an_injection_name_it() -> None:
    for changes in ({"edges": {}}, {"holds": {"fault": (0.0, 9.0)}}, {"holds": {"fault": None}}):
        guards = [f.name for f in verdict(slowed(**changes)).findings if f.kind == "guard"]
        assert "injection fault" in guards


def test_a_shortfall_of_half_a_second_is_granted() -> None:
    assert verdict(slowed(holds={"fault": (0.3, 29.8)})).verdict is PASSED


def test_a_lost_injection_is_inconclusive() -> None:
    lost = (event("injection_lost", injection="fault", at_us=us(12), reason="toxic was removed"),)
    record = slowed().record()
    events = [e for e in record.events if e["event"] != "injection_healed"]
    found = judge(replace(record, events=(*events, *lost)))
    assert found.verdict is INCONCLUSIVE
    assert found.injections[0].state == "lost"
    assert found.injections[0].held_s == pytest.approx(11.98)
    assert "held for 12 s and was then lost at t+12.0 s: toxic was removed" in found.reasons[0]


def test_a_stuck_injection_is_named() -> None:
    record = slowed().record()
    events = [{**e, "event": "injection_stuck"} if e["event"] == "injection_healed" else e for e in record.events]
    found = judge(replace(record, events=tuple(events)))
    assert found.injections[0].state == "stuck"
    assert "could not be healed" in " ".join(found.reasons)


def test_the_clock_of_the_journal_serves_where_an_event_has_no_time_of_its_own() -> None:
    record = slowed().record()
    events = [
        {k: v for k, v in e.items() if k != "at_us"} | {"mono": 100.0 + e["at_us"] / 1e6} if "at_us" in e else e
        for e in record.events
    ]
    assert judge(replace(record, events=tuple(events))).injections[0].held_s == pytest.approx(30.0, abs=0.01)


@pytest.mark.parametrize(
    "changes", [{"load_report": {"no_slot": 1}}, {"late_us": 20_000}, {"load_report": {"late": 900}}]
)
def test_a_late_generator_bars_failed_but_lets_passed_stand(changes: dict[str, Any]) -> None:
    found = verdict(replace(BROKEN, **changes))
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert "load generator" in found.reasons[0]
    assert verdict(slowed(**changes)).verdict is PASSED


def test_a_missing_slot_among_the_samples_counts_though_nobody_reported_it() -> None:
    record = BROKEN.record()
    samples = (*record.samples, Sample(us(5), "shop", 2_000_000, Outcome.NO_SLOT))
    events = tuple(
        {**e, "offered": len(samples), "rows": len(samples)} if e["event"] == "load_report" else e
        for e in record.events
    )
    found = judge(replace(record, samples=samples, events=events))
    assert found.load.no_slot == 1
    assert found.verdict is INCONCLUSIVE


def test_one_late_request_in_a_hundred_is_granted() -> None:
    assert verdict(replace(BROKEN, load_report={"late": 15})).verdict is FAILED


def test_a_steady_state_that_was_not_met_is_named_with_its_value() -> None:
    run = slowed(answer=out(-20, -10), steady=(objective("availability", ">= 0.995", phases=("steady",)),))
    found = verdict(run)
    assert found.verdict is INCONCLUSIVE
    assert "steady state not met" in found.reasons[0]
    assert baseline_broken(run.record()) == "shop availability 67 % against >= 0.995"
    assert "shop availability 67 %" in found.reasons[0]


def test_a_steady_state_that_was_met_is_a_finding_too() -> None:
    run = slowed(steady=(objective("availability", ">= 0.995", phases=("steady",)),))
    assert baseline_broken(run.record()) == ""
    found = [f for f in verdict(run).findings if f.kind == "guard"]
    assert [f.verdict for f in found] == [PASSED]


def test_a_baseline_can_be_asked_before_anything_else_is_on_record() -> None:
    run = slowed(steady=(objective("availability", ">= 0.995"),))
    record = run.record()
    early = replace(record, phases=record.phases[:1], edge_seconds=(), canary=(), events=record.events[:1])
    assert baseline_broken(early) == ""
    assert "no request was due" in baseline_broken(replace(early, samples=()))


def test_a_stop_condition_may_fail_the_run() -> None:
    stop = (event("stop_condition", text="shop.availability < 20% for 10s", verdict="failed", at_us=us(12)),)
    found = verdict(slowed(more_events=stop, holds={"fault": (0.02, 12.0)}))
    assert (found.verdict, found.exit_code) == (FAILED, 1)
    assert "shop.availability < 20%" in found.reasons[0]


def test_a_phase_that_was_cut_short_can_fail_but_not_pass() -> None:
    record = slowed().record()
    windows = tuple(replace(w, end_us=us(20)) if w.name == "gone" else w for w in record.phases if w.name != "after")
    found = judge(replace(record, phases=windows))
    assert [f.verdict for f in found.findings if f.kind == "objective"] == [INCONCLUSIVE]
    assert "cut short" in " ".join(found.reasons)
    bad = BROKEN.record()
    assert [f.verdict for f in judge(replace(bad, phases=windows)).findings if f.kind == "objective"] == [FAILED]


def test_a_phase_that_never_came_is_named() -> None:
    record = slowed(objectives=(objective("availability", ">= 0.9", phases=("after",)),)).record()
    found = judge(replace(record, phases=record.phases[:2]))
    assert "phase after did not run" in " ".join(found.reasons)


# -- what our own side disturbed


def test_a_failure_that_rests_on_a_disturbance_is_inconclusive() -> None:
    disturbed = (event("disturbance", what="proxy replaced", border="east", edge=DB, at_us=us(10)),)
    run = slowed(answer=out(9.5, 14), more_events=disturbed)
    found = verdict(run)
    assert found.verdict is INCONCLUSIVE
    assert "proxy replaced" in found.reasons[0]
    assert "proxy replaced" in found.disturbances[0]
    assert found.injections[0].disturbed


def test_a_failure_that_stands_without_the_disturbed_seconds_stands() -> None:
    disturbed = (event("disturbance", what="proxy replaced", border="east", caller="web", at_us=us(10)),)
    assert verdict(replace(BROKEN, more_events=disturbed)).verdict is FAILED


def test_a_disturbance_elsewhere_changes_nothing() -> None:
    disturbed = (event("disturbance", what="proxy replaced", border="x", edge="a->b:1", at_us=us(10)),)
    assert verdict(slowed(answer=out(9.5, 14), more_events=disturbed)).verdict is FAILED


# -- signature


def replayed(**changes: Any) -> Run:
    points = (
        check(2, "availability", ">= 0.95", effect=False, subject="still"),
        check(4, "availability", "<= 0.05"),
        check(4, "recovered_at", "28..36", phases=()),
    )
    base = Run(
        injections=(injection(HANG, DB),),
        edges={DB: traffic(hanging_edge), WEB: traffic()},
        answer=out(0, 31),
        other_flows={"still": fine},
        signature=points,
    )
    return replace(base, **changes)


def test_a_replay_counts_points_and_not_checks() -> None:
    found = verdict(replayed())
    assert (found.fidelity_observed, found.fidelity_total) == (2, 2)
    assert found.verdict is PASSED
    assert found.headline == "Replay faithful 2/2 · survived 1 · down 1 · PASSED"


def test_a_point_is_observed_only_with_all_its_checks() -> None:
    found = verdict(replayed(answer=out(0, 31, 0.6)))
    assert (found.fidelity_observed, found.fidelity_total) == (1, 2)
    assert (found.verdict, found.exit_code) == (INCONCLUSIVE, 3)
    assert "signature point 4 not observed: shop availability" in found.reasons[0]
    assert found.headline.startswith("Replay 1/2")


def test_the_control_arm_observes_no_effect_and_keeps_invariants() -> None:
    found = verdict(replayed(without_faults=True, answer=fine))
    assert (found.verdict, found.exit_code, found.reasons[0]) == (INCONCLUSIVE, 3, "control arm")
    by_role = {(f.role, f.verdict) for f in found.findings if f.kind == "signature"}
    assert by_role == {("effect", FAILED), ("invariant", PASSED)}
    assert found.injections == ()


def test_an_effect_check_that_holds_without_faults_is_called_hollow() -> None:
    hollow = (check(4, "availability", ">= 0.5"),)
    found = verdict(replayed(without_faults=True, answer=fine, signature=hollow))
    assert "shows nothing" in " ".join(found.reasons)
    assert found.fidelity_observed == 0


def test_an_injection_left_out_removes_exactly_the_checks_that_name_it() -> None:
    other = injection(SLOW, SIDE, name="other")
    checks = (*replayed().signature, check(5, "availability", "<= 0.05", needs=("other",)))
    full = replayed(
        injections=(injection(HANG, DB), other),
        edges={DB: traffic(hanging_edge), SIDE: traffic(slow_edge())},
        signature=checks,
    )
    assert verdict(full).fidelity_observed == 3
    found = verdict(replace(full, injections=(injection(HANG, DB),)))
    lost = [f.point for f in found.findings if f.kind == "signature" and f.verdict is not PASSED]
    assert lost == [5]
    assert "needs injection other" in " ".join(found.reasons)


def test_an_effect_whose_injection_was_not_proved_is_not_observed() -> None:
    found = verdict(replayed(edges={DB: traffic(), WEB: traffic()}))
    lost = {f.point for f in found.findings if f.kind == "signature" and f.verdict is not PASSED}
    assert lost == {4}
    assert "not proved by effect" in found.reasons[0]


# -- stories


def test_stories_tell_slow_from_down_from_unaffected() -> None:
    found = {story.flow: story for story in verdict(replayed()).stories}
    assert found["still"].status == "unaffected"
    assert found["shop"].status == "down"
    assert found["shop"].observed.startswith("down: ")
    assert found["shop"].strategy == "retries"
    slower = verdict(slowed()).stories[0]
    assert slower.status == "degraded"
    assert slower.observed.startswith("slow: p95 3")


def test_a_flow_that_came_back_under_the_fault_survived() -> None:
    assert verdict(replayed(answer=out(0, 5))).stories[0].status == "survived"


def test_the_path_names_faulted_edges_in_order_of_onset_with_evidence() -> None:
    late = injection(SLOW, SIDE, name="late", start=10.0)
    run = replayed(
        injections=(late, injection(HANG, DB)),
        edges={DB: traffic(hanging_edge), SIDE: traffic(slow_edge(), window=(10, 30)), WEB: traffic()},
    )
    steps = verdict(run).stories[0].path
    assert [(step.edge, step.injection) for step in steps] == [(DB, "fault"), (SIDE, "late")]
    assert steps[0].measure == "share of new connections unanswered"
    assert (steps[0].before, steps[0].during) == (0.0, 1.0)
    assert steps[1].onset_s == pytest.approx(10, abs=1.1)
    assert steps[1].measure == "median wait (s)"


def test_an_edge_whose_fault_did_not_bite_is_not_on_the_path() -> None:
    run = replayed(injections=(injection(HANG, DB, SIDE),), edges={DB: traffic(hanging_edge), SIDE: traffic()})
    assert [step.edge for step in verdict(run).stories[0].path] == [DB]


def test_an_edge_that_lived_on_kept_connections_shows_refusals_on_the_path() -> None:
    def kept(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return refusing_edge(t, rng) if 0 <= t < 30 else {**healthy(rng), "connects": 0}

    steps = verdict(replayed(injections=(injection(REFUSE, DB),), edges={DB: kept})).stories[0].path
    assert (steps[0].measure, steps[0].during) == ("share of new connections refused", 1.0)


def test_a_flow_that_was_not_watched_has_no_story() -> None:
    record = slowed().record()
    windows = tuple(replace(w, end_us=us(1)) if w.name == "gone" else w for w in record.phases if w.name != "after")
    assert judge(replace(record, phases=windows)).stories == ()


def test_labels_do_not_change_what_is_observed() -> None:
    record = replayed().record()
    services = tuple(replace(s, labels=(("regionfall.expected", "survived"),)) for s in record.plan.stack.services)
    relabelled = replace(record.plan, stack=replace(record.plan.stack, services=services))
    before, after = judge(record).stories[0], judge(replace(record, plan=relabelled)).stories[0]
    assert (before.status, before.path) == (after.status, after.path)
    assert after.expected == "survived"


def test_the_headline_counts_dependents_where_the_role_is_given() -> None:
    record = replayed().record()
    services = (replace(record.plan.stack.services[0], role="dependent"), *record.plan.stack.services[1:])
    flows = tuple(replace(f, service="db") if f.name == "still" else f for f in record.plan.load.flows)
    plan = replace(
        record.plan,
        stack=replace(record.plan.stack, services=services),
        load=replace(record.plan.load, flows=flows),
    )
    assert judge(replace(record, plan=plan)).headline == "Replay faithful 2/2 · down 1 · PASSED"


def test_renaming_everything_gives_the_same_verdict() -> None:
    record = replayed().record()
    text = {"shop": "kiosk", "web": "front", "db": "shelf", "mail": "post", "east": "north"}

    def renamed(value: Any) -> Any:
        return _renamed(value, text)

    found, again = judge(record), judge(renamed(record))
    assert (found.verdict, found.fidelity_observed, found.headline) == (
        again.verdict,
        again.fidelity_observed,
        again.headline,
    )
    assert [f.observed for f in found.findings] == [f.observed for f in again.findings]


def _renamed(value: Any, text: Mapping[str, str]) -> Any:
    """A copy of any frozen value with whole words replaced in every string."""
    import dataclasses
    import re

    if isinstance(value, str) and type(value) is str:
        return re.sub(r"\w+", lambda m: text.get(m[0], m[0]), value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _renamed(getattr(value, f.name), text) for f in dataclasses.fields(value)})
    if isinstance(value, tuple):
        return tuple(_renamed(item, text) for item in value)
    if isinstance(value, dict):
        return {key: _renamed(item, text) for key, item in value.items()}
    return value


# -- verdict.json


def test_the_json_has_the_published_fields_and_no_nan() -> None:
    record = replayed(objectives=(objective("p95", "<= 1.5"),)).record()
    body = verdict_to_json(judge(record), record)
    text = json.dumps(body, allow_nan=False)
    assert json.loads(text) == body
    assert body["schema"] == 1
    assert {
        "run",
        "experiment",
        "status",
        "verdict",
        "fidelity",
        "cleanup",
        "reasons",
        "findings",
        "injections",
    } <= body.keys()
    assert {"load", "environment", "stories", "headline", "exit_code", "blocked", "disturbances"} <= body.keys()
    assert body["fidelity"] == {"observed": 2, "total": 2}
    finding = next(f for f in body["findings"] if f["kind"] == "objective")
    assert finding["observed"] is None
    assert finding["reason"] == "> timeout"
    assert finding["interval"] == [2.0, None]
    assert finding["verdict"] == "failed"
    assert set(body["load"]) == {"offered", "rows", "late", "no_slot", "lateness_p99_s"}
    injected = body["injections"][0]
    assert {
        "id",
        "fault",
        "target",
        "edges",
        "phase",
        "state",
        "planned_s",
        "held_s",
        "effect",
        "contained",
        "spill_over",
    } <= injected.keys()
    assert {"proved", "before", "during"} <= injected["effect"].keys()


def test_names_begin_with_their_flow_or_edge() -> None:
    run = slowed(objectives=(objective("availability", ">= 0.9"), objective("errors", "<= 0.1", subject=DB)))
    body = verdict_to_json(verdict(run), run.record())
    for found in body["findings"]:
        if found["kind"] != "guard":
            assert found["name"].startswith(found["flow"] or found["edge"])


def test_the_same_record_gives_the_same_verdict() -> None:
    record = slowed(
        phases=(("gone", 0.0, 130.0), ("after", 130.0, 160.0)),
        injections=(injection(SLOW, DB, end=130.0),),
        objectives=(objective("p95_ratio", "<= 1.5"), objective("bytes_ratio", "0.9..1.1", subject=DB)),
    ).record()
    assert verdict_to_json(judge(record), record) == verdict_to_json(judge(record), record)


def test_undeclared_calls_are_listed() -> None:
    call = {"caller": "web", "to": "198.19.255.4", "name": "metrics", "port": 9090, "proto": "tcp", "n": 3}
    found = verdict(slowed(more_events=(event("blocked", border="east", calls=[call]),)))
    assert found.blocked == ("web -> metrics:9090 (3)",)


# -- the gate's own error rates


def test_a_flow_at_its_limit_is_rarely_passed_or_failed() -> None:
    """The truth is exactly the limit: each side may be wrong in at most 5 % of runs."""
    passed = failed = 0
    runs, phases = 120, (("gone", 0.0, 30.0), ("after", 30.0, 30.1))
    asked = (objective("availability", ">= 0.9"),)
    for seed in range(runs):
        run = Run(answer=out(0, 30, 0.1), objectives=asked, seed=seed, rate=5, phases=phases, canary=lambda _t: {})
        answer = next(f.verdict for f in verdict(run).findings if f.kind == "objective")
        passed, failed = passed + (answer is PASSED), failed + (answer is FAILED)
    assert passed / runs <= 0.08
    assert failed / runs <= 0.08


def test_a_healthy_run_with_a_proved_fault_hardly_ever_fails_or_doubts() -> None:
    runs, wrong = 50, 0
    for seed in range(runs):
        run = slowed(
            seed=seed, arrivals="poisson", objectives=(objective("availability", ">= 0.95"), objective("p95", "<= 1.0"))
        )
        wrong += verdict(run).verdict is not PASSED
    assert wrong / runs <= 0.03


def test_a_broken_run_is_nearly_always_failed() -> None:
    runs = 30
    failed = sum(verdict(replace(BROKEN, answer=out(0, 30, 0.3), seed=seed)).verdict is FAILED for seed in range(runs))
    assert failed / runs >= 0.97


def test_fifty_thousand_requests_and_forty_thousand_edge_seconds_are_judged() -> None:
    """Size of a whole replay; how long it takes is measured by a benchmark, not asserted here."""
    names = {f"f{number}": (slow(0, 100, 0.1) if number % 2 else fine) for number in range(24)}
    edges = {f"f{number}->x:{number}": traffic(per_s=4) for number in range(150)}
    run = slowed(
        rate=8,
        phases=(("gone", 0.0, 120.0), ("after", 120.0, 220.0)),
        injections=(injection(SLOW, DB, end=120.0),),
        edges={**edges, DB: traffic(slow_edge(), window=(0, 120))},
        other_flows=names,
    )
    record = run.record()
    assert len(record.samples) > 48_000
    assert len(record.edge_seconds) > 38_000
    assert judge(record).verdict is PASSED


def bare(record: Record) -> Record:
    return replace(
        record, plan=replace(record.plan, stack=replace(record.plan.stack, services=(Service("x"),), edges=()))
    )


def test_a_record_without_its_stack_is_still_judged() -> None:
    assert judge(bare(slowed().record())).verdict is PASSED


def test_healthy_seconds_look_healthy() -> None:
    """The builder itself: what every test above relies on."""
    values = healthy(np.random.default_rng(1))
    assert values["requests"] == values["responses"] == len(values["times_us"])
