"""Proof by effect, kind by kind: proved when it bit, unproved when it did not."""

from __future__ import annotations

from collections.abc import Callable
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
    hanging_edge,
    healthy,
    injection,
    refusing_edge,
    slow_edge,
    slowed,
    traffic,
)

from harness.analysis.judge import judge
from harness.model.fault import Fault, Flap, Injection, Ramp
from harness.model.finding import Evidence, InjectionResult

Second = Callable[[float, np.random.Generator], dict[str, Any]]


def result(
    fault: Fault, edge: Second | None, *, edges: dict[str, Second] | None = None, **changes: Any
) -> InjectionResult:
    """One injection on web->db, whose seconds in phase `gone` are `edge`."""
    run = Run(
        injections=(injection(fault, *(edges or {DB: 0})),), edges=edges or ({DB: edge} if edge else {}), **changes
    )
    return judge(run.record()).injections[0]


def effect(fault: Fault, edge: Second | None, **changes: Any) -> Evidence:
    return result(fault, edge, **changes).effect


def share_cut(column: str, share: float, per_s: int = 10) -> Second:
    """New connections of which a share is cut, by a counter as the packet filter does it."""

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng, per_s)
        n = values["connects"]
        cut = round((t + 1) * per_s * share) - round(t * per_s * share) if t >= 0 else 0
        cut = min(cut, n)
        left = {"requests": n - cut, "responses": n - cut, "times_us": values["times_us"][: n - cut]}
        return {**values, **left, column: cut}

    return second


# -- slow


def test_slow_is_proved_by_waits() -> None:
    found = effect(SLOW, traffic(slow_edge(0.3)))
    assert found.proved
    assert found.before == pytest.approx(0.005, abs=0.002)
    assert found.during == pytest.approx(0.305, abs=0.01)
    assert "median wait" in found.measure


def test_slow_that_did_not_bite_is_not_proved() -> None:
    found = effect(SLOW, traffic())
    assert not found.proved
    assert "did not grow" in found.reason


def test_slow_by_less_than_half_of_what_was_asked_is_not_proved() -> None:
    assert not effect(SLOW, traffic(slow_edge(0.1))).proved


def test_slow_by_nothing_has_no_effect_to_prove() -> None:
    found = effect(Fault("slow", latency_s=0.0), traffic(slow_edge(0.3)))
    assert not found.proved
    assert "0 ms" in found.reason


def test_a_caller_that_gives_up_counts_as_at_least_its_wait() -> None:
    def impatient(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng)
        n = values["requests"]
        return {**values, "responses": 0, "gave_up": n, "times_us": (), "gave_up_us": (200_000,) * n}

    assert effect(Fault("slow", latency_s=3.0), traffic(impatient)).proved


def test_a_caller_that_always_gave_up_as_early_proves_nothing() -> None:
    def impatient(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        n = healthy(rng)["requests"]
        return {"requests": n, "gave_up": n, "gave_up_us": (200_000,) * n}

    assert not effect(Fault("slow", latency_s=3.0), impatient).proved


def test_slow_without_traffic_is_unproved_and_names_the_edge() -> None:
    found = effect(SLOW, None)
    assert not found.proved
    assert f"no traffic crossed {DB}" in found.reason


def test_four_waits_prove_nothing() -> None:
    def rare(t: float, _rng: np.random.Generator) -> dict[str, Any]:
        return {"requests": 1, "responses": 1, "times_us": (304_000,)} if t in (5, 10, 15, 20) else {}

    found = effect(SLOW, traffic(rare))
    assert not found.proved
    assert "4 during" in found.reason


def test_a_slow_that_was_taken_away_behind_our_back_is_not_proved() -> None:
    assert not effect(SLOW, traffic(slow_edge(), window=(0, 1))).proved
    found = effect(SLOW, traffic(slow_edge(), window=(0, 19)))
    assert not found.proved
    assert "last third" in found.reason


def test_jitter_is_granted() -> None:
    def jumping(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng, wait_s=max(0.0, 1.5 + rng.uniform(-0.8, 0.8)))

    assert effect(Fault("slow", latency_s=1.5, jitter_s=0.8), traffic(jumping)).proved


@pytest.mark.parametrize(("start", "end"), [(0.02, 0.4), (0.4, 0.0)])
def test_a_ramp_is_proved_in_its_stronger_half(start: float, end: float) -> None:
    def ramp(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng, wait_s=0.004 + start + (end - start) * t / 30)

    fault = Fault("slow", latency_s=end, ramp_from_s=start, ramp_over_s=30.0, ramp_steps=10)
    assert effect(fault, traffic(ramp)).proved
    assert not effect(fault, traffic()).proved


def test_a_slow_share_moves_the_share_of_slow_waits() -> None:
    def some(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng)
        waits = tuple(w + 300_000 if rng.random() < 0.35 else w for w in values["times_us"])
        return {**values, "times_us": waits}

    fault = replace(SLOW, share=0.35)
    found = effect(fault, traffic(some))
    assert found.proved
    assert found.during == pytest.approx(0.35, abs=0.1)
    assert not effect(fault, traffic()).proved


# -- bandwidth


def test_bandwidth_is_proved_by_waits_or_bytes() -> None:
    fault = Fault("bandwidth", rate_kbps=20)

    def fewer(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        return {**healthy(rng), "down_bytes": 3000}

    assert effect(fault, traffic(slow_edge(0.1))).proved
    assert "bytes" in effect(fault, traffic(fewer)).measure
    assert effect(fault, traffic(fewer)).proved


def test_bandwidth_above_the_traffic_is_not_proved() -> None:
    found = effect(Fault("bandwidth", rate_kbps=10_000), traffic())
    assert not found.proved
    assert "above what this edge carries" in found.reason


def test_bandwidth_without_traffic_is_unproved() -> None:
    assert "no traffic" in effect(Fault("bandwidth", rate_kbps=10), None).reason


# -- hang, blackout, isolate


@pytest.mark.parametrize("kind", ["hang", "blackout", "isolate"])
def test_silence_while_callers_try_proves_a_cut(kind: str) -> None:
    found = effect(Fault(kind), traffic(hanging_edge))
    assert found.proved
    assert found.during == 0.0
    assert found.before == pytest.approx(10, abs=2)


@pytest.mark.parametrize("kind", ["hang", "blackout", "isolate"])
def test_answers_while_it_holds_contradict_a_cut(kind: str) -> None:
    found = effect(Fault(kind), traffic())
    assert not found.proved
    assert "answers came back" in found.reason


def test_a_keep_alive_caller_that_gives_up_proves_a_hang() -> None:
    def waiting(t: float, _rng: np.random.Generator) -> dict[str, Any]:
        return {"requests": 1, "gave_up": 1, "gave_up_us": (2_000_000,), "up_bytes": 300} if t % 3 == 0 else {}

    assert effect(HANG, traffic(waiting)).proved


def test_a_cut_on_an_edge_without_tries_is_unproved() -> None:
    found = effect(HANG, traffic(lambda _t, _rng: {}))
    assert not found.proved
    assert "no traffic" in found.reason


def test_an_edge_that_was_dead_before_proves_nothing() -> None:
    found = effect(HANG, hanging_edge)
    assert not found.proved
    assert "before either" in found.reason


def test_a_cut_that_fell_away_early_is_not_proved() -> None:
    assert not effect(HANG, traffic(hanging_edge, window=(0, 20))).proved


def test_a_cut_of_an_edge_that_shows_bytes_only_is_proved_by_bytes() -> None:
    def datagrams(_t: float, _rng: np.random.Generator) -> dict[str, Any]:
        return {"up_bytes": 600, "down_bytes": 1200}

    def silent(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return {"up_bytes": 600} if 0 <= t < 30 else datagrams(t, rng)

    assert effect(HANG, silent).proved
    assert not effect(HANG, datagrams).proved


@pytest.mark.parametrize(("kind", "column"), [("hang", "unanswered"), ("refuse", "refused")])
@pytest.mark.parametrize(("real", "proved"), [(0.35, True), (0.0, False), (0.1, False), (0.9, False)])
def test_a_share_of_new_connections_is_proved_by_that_share(kind: str, column: str, real: float, proved: bool) -> None:
    found = effect(Fault(kind, share=0.35), traffic(share_cut(column, real)))
    assert found.proved is proved


def test_a_share_without_new_connections_is_unproved_and_says_why() -> None:
    def keeping(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        return {**healthy(rng), "connects": 0}

    found = effect(Fault("hang", share=0.35), keeping)
    assert not found.proved
    assert "new connections only" in found.reason


def test_two_shares_on_one_edge_are_proved_by_what_they_cut_together() -> None:
    both = (
        injection(Fault("hang", share=0.5), DB),
        injection(Fault("hang", share=0.5), DB, name="other"),
    )
    run = Run(injections=both, edges={DB: traffic(share_cut("unanswered", 0.75))})
    assert all(found.effect.proved for found in judge(run.record()).injections)


# -- refuse


def test_refused_connections_prove_a_refuse() -> None:
    found = effect(REFUSE, traffic(refusing_edge))
    assert found.proved
    assert (found.before, found.during) == (0.0, 1.0)


def test_connections_that_get_through_contradict_a_refuse() -> None:
    assert not effect(REFUSE, traffic()).proved


def test_a_port_that_was_always_refused_proves_nothing() -> None:
    found = effect(REFUSE, refusing_edge)
    assert not found.proved
    assert "before as well" in found.reason


def test_live_connections_that_go_on_contradict_a_refuse() -> None:
    def kept(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        return {**healthy(rng), "connects": 0}

    assert not effect(REFUSE, traffic(kept)).proved


def test_refuse_without_traffic_is_unproved() -> None:
    assert "no traffic" in effect(REFUSE, None).reason


# -- flags


FLAGS = Fault("flags", flags=(("change", '"fail"'),))


def changed(**values: Any) -> Second:
    return traffic(lambda _t, rng: {**healthy(rng), **values})


def test_flags_are_proved_by_errors() -> None:
    found = effect(FLAGS, traffic(lambda _t, rng: (lambda v: {**v, "errors": v["responses"]})(healthy(rng))))
    assert found.proved
    assert "errors" in found.measure
    assert found.during == 1.0


def test_flags_are_proved_by_rejections() -> None:
    found = effect(FLAGS, traffic(lambda _t, rng: (lambda v: {**v, "rejects": v["responses"]})(healthy(rng))))
    assert found.proved
    assert "rejections" in found.measure


def test_flags_are_proved_by_waits_or_by_silence() -> None:
    assert effect(FLAGS, traffic(slow_edge(0.2))).proved
    assert effect(FLAGS, traffic(lambda _t, _rng: {})).proved


def test_flags_that_moved_nothing_are_unproved() -> None:
    found = effect(FLAGS, traffic())
    assert not found.proved
    assert "nothing moved" in found.reason


def test_flags_beside_another_fault_on_the_same_edge_need_more_than_waits() -> None:
    faults = (injection(FLAGS, DB), injection(SLOW, DB, name="slow"))
    run = Run(injections=faults, edges={DB: traffic(slow_edge())})
    first, second = judge(run.record()).injections
    assert not first.effect.proved
    assert second.effect.proved


def test_flags_that_begin_under_a_fault_are_compared_with_its_seconds() -> None:
    """slow holds from 0 to 60; flags from 30 to 60 add 200 ms to what slow already did."""
    phases = (("one", 0.0, 30.0), ("two", 30.0, 60.0), ("after", 60.0, 80.0))
    faults = (injection(SLOW, DB, name="slow", end=60.0), injection(FLAGS, DB, start=30.0, end=60.0))

    def edge(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng, wait_s=0.004 + (0.3 if 0 <= t < 60 else 0) + (0.2 if 30 <= t < 60 else 0))

    run = Run(phases=phases, injections=faults, edges={DB: edge})
    flags = judge(run.record()).injections[1]
    assert flags.effect.proved
    assert flags.effect.before == pytest.approx(0.305, abs=0.01)

    def only_slow(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng, wait_s=0.004 + (0.3 if 0 <= t < 60 else 0))

    assert not judge(replace(run, edges={DB: only_slow}).record()).injections[1].effect.proved


# -- several edges and injections


def test_one_edge_with_the_effect_is_enough_if_none_contradicts() -> None:
    found = effect(SLOW, None, edges={DB: traffic(slow_edge()), SIDE: lambda _t, _rng: {}})
    assert found.proved
    assert f"no traffic crossed {SIDE}" in found.reason


def test_one_edge_that_contradicts_is_enough_against() -> None:
    found = effect(SLOW, None, edges={DB: traffic(slow_edge()), SIDE: traffic()})
    assert not found.proved
    assert SIDE in found.reason


def test_slow_and_a_hanging_share_on_one_edge_are_both_proved() -> None:
    def both(t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = share_cut("unanswered", 0.35)(t, rng)
        return {**values, "times_us": tuple(w + 1_500_000 for w in values["times_us"])}

    faults = (
        injection(Fault("slow", latency_s=1.5, jitter_s=0.8), DB),
        injection(Fault("hang", share=0.35), DB, name="hang"),
    )
    run = Run(injections=faults, edges={DB: traffic(both)})
    assert [found.effect.proved for found in judge(run.record()).injections] == [True, True]


def test_an_edge_that_another_fault_cut_completely_is_masked() -> None:
    faults = (injection(SLOW, DB), injection(Fault("blackout"), DB, name="region"))
    run = Run(injections=faults, edges={DB: traffic(hanging_edge)})
    first, second = judge(run.record()).injections
    assert not first.effect.proved
    assert "masked: region" in first.effect.reason
    assert second.effect.proved


def test_seconds_of_an_earlier_fault_do_not_count_as_before() -> None:
    phases = (("one", 0.0, 20.0), ("two", 20.0, 40.0), ("after", 40.0, 60.0))
    faults = (injection(SLOW, DB, name="first", end=20.0), injection(SLOW, DB, name="second", start=20.0, end=40.0))
    run = Run(phases=phases, injections=faults, edges={DB: traffic(slow_edge(), window=(0, 40))})
    second = judge(run.record()).injections[1]
    assert second.effect.proved
    assert second.effect.before == pytest.approx(0.005, abs=0.002)


def test_an_injection_that_never_held_is_unproved() -> None:
    found = result(SLOW, traffic(), holds={"fault": None})
    assert found.state == "pending"
    assert not found.effect.proved
    assert found.held_s == 0.0


def test_a_short_fault_is_proved_on_the_seconds_it_has() -> None:
    run = Run(
        phases=(("gone", 0.0, 3.0), ("after", 3.0, 30.0)),
        injections=(injection(SLOW, DB, end=3.0),),
        edges={DB: traffic(slow_edge(), window=(0, 3))},
        holds={"fault": (0.0, 3.0)},
    )
    assert judge(run.record()).injections[0].effect.proved


# -- error rates of the proofs themselves


def no_op(fault: Fault) -> float:
    runs = 60
    wrong = 0
    for seed in range(runs):
        run = Run(injections=(injection(fault, DB),), edges={DB: traffic(per_s=4)}, seed=seed, rate=2)
        wrong += judge(run.record()).injections[0].effect.proved
    return wrong / runs


@pytest.mark.parametrize(
    "fault", [Fault("slow", latency_s=0.02), Fault("bandwidth", rate_kbps=10), HANG, REFUSE, FLAGS], ids=str
)
def test_a_fault_that_does_nothing_is_hardly_ever_proved(fault: Fault) -> None:
    assert no_op(fault) <= 0.02


def test_real_faults_at_low_rates_are_nearly_always_proved() -> None:
    runs, missed = 40, 0
    for seed in range(runs):
        for fault, edge in (
            (SLOW, slow_edge()),
            (HANG, hanging_edge),
            (REFUSE, refusing_edge),
            (Fault("hang", share=0.35), share_cut("unanswered", 0.35, per_s=4)),
        ):
            run = Run(injections=(injection(fault, DB),), edges={DB: traffic(edge, per_s=4)}, seed=seed, rate=2)
            missed += not judge(run.record()).injections[0].effect.proved
    assert missed / (4 * runs) <= 0.02


# -- what proxies do to answers, and resets


def counting(**values: Callable[[int], int]) -> Second:
    """A healthy second with some counts made out of how many requests it has."""

    def second(_t: float, rng: np.random.Generator) -> dict[str, Any]:
        row = healthy(rng)
        return row | {name: value(row["requests"]) for name, value in values.items()}

    return second


SHAPED = [
    (Fault("slow_close", params=(("delay", 1.0),)), counting(close_us=lambda n: 1_002_000 * n)),
    (Fault("slicer", params=(("size", 100.0), ("vary", 0.0), ("gap", 0.001))), counting(segments=lambda n: 7 * n)),
    (Fault("limit_data", params=(("bytes", 200.0),)), counting(answer_bytes=lambda n: 200 * n, ends=lambda n: n)),
    (
        Fault("timeout", params=(("after", 1.0),)),
        counting(responses=lambda n: 0, times_us=lambda n: (), ends=lambda n: n),
    ),
    (Fault("reset_peer"), counting(responses=lambda n: 0, times_us=lambda n: (), hangups=lambda n: n)),
    (Fault("reset", params=(("every", 5.0),)), counting(resets=lambda n: min(n, 1))),
    (Fault("hang", params=(("way", "response"),)), counting(responses=lambda n: 0, times_us=lambda n: ())),
]


@pytest.mark.parametrize(("fault", "edge"), SHAPED, ids=lambda value: getattr(value, "kind", ""))
def test_what_a_proxy_does_to_answers_is_proved_where_it_shows_and_only_there(fault: Fault, edge: Second) -> None:
    assert effect(fault, traffic(edge)).proved
    nothing = effect(fault, traffic())
    assert not nothing.proved
    assert nothing.reason
    assert no_op(fault) == 0


def test_an_answer_cut_short_shows_also_where_the_callee_ends_every_connection() -> None:
    fault = Fault("limit_data", params=(("bytes", 200.0),))
    ends = counting(ends=lambda n: n)

    def edge(t: float, rng: np.random.Generator) -> dict[str, Any]:
        row = ends(t, rng)
        return row | {"answer_bytes": 200 * row["requests"]} if 0 <= t < 30 else row

    assert effect(fault, None, edges={DB: edge}).proved
    unmoved = effect(fault, None, edges={DB: ends})
    assert not unmoved.proved and "700 bytes passed" in unmoved.reason


def test_connections_that_are_kept_open_show_no_late_end() -> None:
    kept = counting(closes=lambda n: 0, close_us=lambda n: 0)
    found = effect(Fault("slow_close", params=(("delay", 1.0),)), None, edges={DB: kept})
    assert not found.proved and "kept open" in found.reason


def test_a_single_reset_at_the_very_beginning_is_seen() -> None:
    def edge(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng) | {"resets": 3 if t == 0 else 0}

    assert effect(Fault("reset"), None, edges={DB: edge}).proved


# -- containment and spill-over


def contained(canary: Callable[[float], dict[str, int]]) -> Evidence:
    return judge(slowed(canary=canary).record()).injections[0].contained


def test_a_quiet_canary_shows_containment() -> None:
    found = contained(lambda _t: {"n": 10, "failed": 0, "p50_us": 300, "max_us": 9000})
    assert found.proved
    assert found.during == pytest.approx(0.0003)


@pytest.mark.parametrize("during", [(0, 30), (8, 16)])
def test_a_slowed_canary_is_not_contained(during: tuple[int, int]) -> None:
    found = contained(
        lambda t: {"n": 10, "failed": 0, "p50_us": 9000 if during[0] <= t < during[1] else 300, "max_us": 9000}
    )
    assert not found.proved
    assert "east: moved" in found.reason


def test_two_slow_seconds_of_the_canary_are_noise() -> None:
    assert contained(lambda t: {"n": 10, "failed": 0, "p50_us": 9000 if 8 <= t < 10 else 300, "max_us": 9000}).proved


def test_failing_round_trips_are_not_contained() -> None:
    found = contained(lambda t: {"n": 8, "failed": 2 if 5 <= t < 15 else 0, "p50_us": 300, "max_us": 900})
    assert "failed" in found.reason


def test_a_silent_canary_is_not_contained() -> None:
    found = contained(lambda t: {} if 5 <= t < 20 else {"n": 10, "failed": 0, "p50_us": 300, "max_us": 900})
    assert "silent" in found.reason


def test_no_canary_at_all_is_not_contained() -> None:
    assert "no control connection" in contained(lambda _t: {}).reason


def test_an_edge_outside_the_selection_that_moves_is_listed_and_no_error() -> None:
    verdict = judge(slowed(edges={WEB: traffic(), DB: traffic(slow_edge()), SIDE: traffic(slow_edge(0.2))}).record())
    assert any(SIDE in text for text in verdict.injections[0].spill_over)
    assert not any(WEB in text or DB in text for text in verdict.injections[0].spill_over)
    assert verdict.exit_code == 0


def test_held_time_comes_from_the_journal() -> None:
    held: Injection = injection(SLOW, DB)
    run = Run(injections=(held,), edges={DB: traffic(slow_edge())}, holds={"fault": (0.1, 29.0)})
    found = judge(run.record()).injections[0]
    assert (found.planned_s, found.held_s) == (30.0, pytest.approx(28.9))
    assert (found.hold_at_s, found.heal_at_s) == (pytest.approx(0.1), pytest.approx(29.0))


# -- a fault that comes and goes

FLAP = Flap(5.0, 5.0, 3)


def while_on(biting: Second) -> Second:
    """The fault's seconds while it is on, healthy ones while it is off."""

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return biting(t, rng) if t < 0 or t % 10 < 5 else healthy(rng)

    return second


@pytest.mark.parametrize("fault", [SLOW, HANG, REFUSE], ids=["slow", "hang", "refuse"])
def test_a_fault_that_flaps_is_proved_by_its_times_on_against_its_times_off(fault: Fault) -> None:
    biting = {"slow": slow_edge(0.3), "hang": hanging_edge, "refuse": refusing_edge}[fault.kind]
    found = effect(replace(fault, flap=FLAP), traffic(while_on(biting)))
    assert found.proved, found.reason


@pytest.mark.parametrize("fault", [SLOW, HANG, REFUSE], ids=["slow", "hang", "refuse"])
def test_a_fault_that_should_flap_and_does_nothing_is_not_proved(fault: Fault) -> None:
    assert not effect(replace(fault, flap=FLAP), traffic()).proved


def test_a_fault_that_bites_only_in_its_times_off_is_not_proved() -> None:
    def wrong(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return healthy(rng) if t < 0 or t % 10 < 5 else healthy(rng, wait_s=0.3)

    assert not effect(replace(SLOW, flap=FLAP), traffic(wrong)).proved


def test_a_fault_that_flaps_and_never_went_away_is_not_taken_for_one_that_flaps() -> None:
    found = effect(replace(SLOW, flap=FLAP), traffic(slow_edge(0.3)))
    assert not found.proved


BROWN = Fault("brownout", latency_s=0.3, jitter_s=0.05, params=(("loss", 0.2),))


def lossy(share: float, wait_s: float) -> Second:
    """Slow, and every so many new connections left unanswered."""

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        values = healthy(rng, 20, wait_s=wait_s)
        n = values["connects"]
        cut = min(round((t + 1) * n * share) - round(t * n * share), n)
        left = {"requests": n - cut, "responses": n - cut, "times_us": values["times_us"][: n - cut]}
        return {**values, **left, "unanswered": cut}

    return second


def test_a_brownout_is_proved_by_its_delay_and_its_loss() -> None:
    found = effect(BROWN, traffic(lossy(0.2, 0.304)))
    assert found.proved, found.reason
    assert "new connections lost" in found.reason


def test_half_a_brownout_is_none() -> None:
    assert not effect(BROWN, traffic(lossy(0.2, 0.004))).proved, "lossy, but not slow"
    assert not effect(BROWN, traffic(lossy(0.0, 0.304))).proved, "slow, but not lossy"


EDGES = (DB, SIDE, WEB)


def taken_from(start: float, refusing: bool = True) -> Second:
    """Traffic of one edge, refused from a moment on."""
    faulty = refusing_edge if refusing else traffic()

    def second(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return faulty(t, rng) if start <= t < 30 else healthy(rng)

    return second


@pytest.mark.parametrize(("last_bites", "proved"), [(True, True), (False, False)])
def test_a_ramp_is_proved_on_each_edge_from_the_step_that_took_it(last_bites: bool, proved: bool) -> None:
    climbing = replace(REFUSE, ramp=Ramp(15.0, 3))
    edges = {DB: taken_from(0), SIDE: taken_from(5), WEB: taken_from(10, last_bites)}
    found = effect(climbing, None, edges=edges)
    assert found.proved is proved, found.reason
    assert ("shown on 3 of 3 edges" in found.reason) is proved


def test_a_share_beside_a_longer_cut_of_its_own_kind_is_asked_for_alone() -> None:
    def refused_at_the_end(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return refusing_edge(t, rng) if t >= 12 else share_cut("refused", 0.4)(t, rng)

    faults = (injection(Fault("refuse", share=0.4), DB, name="share"), injection(REFUSE, DB, name="all", start=12.0))
    found = judge(Run(injections=faults, edges={DB: traffic(refused_at_the_end)}).record()).injections[0].effect
    assert found.proved, found.reason


def test_a_share_is_counted_only_while_no_other_fault_cuts_the_whole_edge() -> None:
    def swallowed_at_the_end(t: float, rng: np.random.Generator) -> dict[str, Any]:
        return hanging_edge(t, rng) if t >= 14 else share_cut("refused", 0.4)(t, rng)

    faults = (
        injection(Fault("refuse", share=0.4), DB, name="share"),
        injection(Fault("blackhole"), DB, name="hole", start=14.0),
    )
    found = judge(Run(injections=faults, edges={DB: traffic(swallowed_at_the_end)}).record()).injections[0].effect
    assert found.proved and found.during == pytest.approx(0.4, abs=0.05), found.reason
