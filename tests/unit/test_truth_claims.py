"""The claims notice what they are there for, and nothing else: literal readings of two small outages."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "truth"))

import claims
from readings import Check, Moment, Reading

EARLY, NAMES, SWITCH, CALM = "early", "names", "switch", "calm"


def back(minutes: float, resolution: float = 1.0) -> Moment:
    return Moment("back", minutes, resolution)


BASE = Reading(
    0, "passed", (2, 2), (),
    {EARLY: back(52), NAMES: back(420), SWITCH: back(422), CALM: Moment("steady")},
    (
        Check("1 names availability <= 1%", "effect", "passed", ("dns",), 0.0),
        Check("2 switch recovered_at 420m..432m", "effect", "passed", ("dns", "issue"), 25_300.0),
        Check("2 calm availability >= 99%", "invariant", "passed", (), 1.0),
        Check("3 load->video bytes_ratio 70%..78%", "effect", "passed", ("private",), 0.74),
    ),
)  # fmt: skip


def recovering(**moments: Moment) -> Reading:
    return replace(BASE, recoveries={**BASE.recoveries, **moments})


def answering(*verdicts: str, **more: object) -> Reading:
    checks = tuple(replace(check, verdict=verdict) for check, verdict in zip(BASE.checks, verdicts, strict=True))
    return replace(BASE, checks=checks, **more)


def test_a_reading_survives_its_way_through_json():
    assert Reading.from_json(json.loads(json.dumps(BASE.to_json()))) == BASE


def test_a_flow_that_no_fault_reaches_tells_whether_the_machine_was_busy():
    assert claims.disturbed(BASE, [CALM]) == []
    assert claims.disturbed(recovering(calm=back(300)), [CALM]) == [CALM]
    assert claims.disturbed(replace(BASE, restless=(CALM,)), [CALM]) == [CALM]
    assert claims.disturbed(replace(BASE, interrupted=("hang",)), [CALM]) == ["the fault hang"]


def test_the_outage_itself_must_pass():
    assert claims.base(BASE).holds
    wrong = claims.base(replace(BASE, exit_code=3, reasons=("point 7 not observed",)))
    assert not wrong.holds and "point 7 not observed" in wrong.why


NO_EFFECT = ("failed", "failed", "passed", "failed")


def test_a_control_arm_shows_no_effect_and_keeps_every_invariant():
    calm = answering(*NO_EFFECT, exit_code=3, reasons=("point 1: control arm",))
    assert claims.control(calm).holds
    for wrong, why in [
        (
            answering("passed", *NO_EFFECT[1:], exit_code=3, reasons=("control arm",)),
            "observed without any fault: 1 names",
        ),
        (
            answering("failed", "failed", "failed", "failed", exit_code=3, reasons=("control arm",)),
            "does not hold: 2 calm",
        ),
        (replace(calm, exit_code=0), "exit 0"),
        (replace(calm, reasons=("something",)), "no reason says control arm"),
    ]:
        answer = claims.control(wrong)
        assert not answer.holds and why in answer.why


def test_a_longer_phase_moves_what_comes_after_it_and_only_that():
    run = recovering(names=back(481.5), switch=back(481))
    answer = claims.longer(BASE, run, 118, 60)
    assert answer.holds and answer.measured == "2 moved by 59.0 to 61.5 min"


@pytest.mark.parametrize(
    ("moments", "why"),
    [
        ({"names": back(420), "switch": back(482)}, "names 420.0 ± 1.0 -> 420.0 ± 1.0 (+0.0)"),
        ({"names": back(480), "switch": back(482), "early": back(112)}, "early 52.0 ± 1.0 -> 112.0 ± 1.0 (+60.0)"),
        ({"names": back(480), "switch": back(485)}, "switch"),
        ({"names": Moment("away"), "switch": back(482)}, "names 420.0 ± 1.0 -> away"),
        ({"names": back(480), "switch": back(482), "calm": back(300)}, "calm steady -> 300.0"),
    ],
)
def test_a_recovery_that_did_not_move_as_it_must_is_named(moments, why):
    answer = claims.longer(BASE, recovering(**moments), 118, 60)
    assert not answer.holds and why in answer.why


def test_nothing_to_compare_is_no_evidence():
    nothing = replace(BASE, recoveries={CALM: Moment("steady")})
    assert not claims.longer(nothing, nothing, 118, 60).holds


def test_one_fault_lifted_later_moves_exactly_what_depends_on_it():
    both = {NAMES, SWITCH}
    assert claims.later(BASE, recovering(names=back(480), switch=back(486)), both, 60).holds
    for moments, why in [
        ({"names": back(480), "switch": back(423)}, "did not move by 60: switch"),
        ({"names": back(480), "switch": back(520)}, "did not move by 60: switch"),
        ({"names": back(480), "switch": back(482), "early": back(60)}, "moved: early"),
    ]:
        answer = claims.later(BASE, recovering(**moments), both, 60)
        assert not answer.holds and why in answer.why


def test_a_claim_about_a_fault_that_no_check_needs_holds_never():
    answer = claims.left_out(BASE, answering("passed", "passed", "passed", "passed"), "nothing")
    assert not answer.holds and "no check needs nothing" in answer.why


def test_a_fault_left_out_takes_exactly_its_checks_along():
    assert claims.left_out(BASE, answering("failed", "failed", "passed", "passed"), "dns").holds
    more = claims.left_out(BASE, answering("failed", "failed", "passed", "failed"), "dns")
    assert not more.holds and "no longer observed: 3 load->video" in more.why
    less = claims.left_out(BASE, answering("failed", "passed", "passed", "passed"), "dns")
    assert not less.holds and "still observed: 2 switch" in less.why


def test_a_trough_is_as_deep_as_the_share_that_failed():
    assert claims.trough(BASE, "bytes_ratio", 0.26, 0.04).holds
    assert "26.0% is not" in claims.trough(BASE, "bytes_ratio", 0.40, 0.04).why
    assert (
        "not observed"
        in claims.trough(answering("passed", "passed", "passed", "failed"), "bytes_ratio", 0.26, 0.04).why
    )
    assert not claims.trough(BASE, "p50_ratio", 0.26, 0.04).holds


def test_other_names_give_the_same_answer():
    other = replace(BASE, checks=tuple(replace(check, name="x") for check in BASE.checks))
    assert claims.renamed(BASE, other).holds
    assert not claims.renamed(BASE, answering("passed", "failed", "passed", "passed")).holds
    assert not claims.renamed(BASE, replace(BASE, verdict="inconclusive")).holds


HEALED = replace(
    recovering(names=back(201), switch=back(203)),
    exit_code=3, healed_at=200.0, reasons=("healed by hand at t+70 s: run it again without",),
)  # fmt: skip


def test_whoever_was_away_is_back_soon_after_a_heal():
    answer = claims.healed(BASE, HEALED, 10, {})
    assert answer.holds and answer.measured == "healed at t+200.0 min, 2 back after 1.0 to 3.0 min"
    slow = replace(HEALED, recoveries={**HEALED.recoveries, SWITCH: back(260)})
    assert not claims.healed(BASE, slow, 10, {}).holds
    assert claims.healed(BASE, slow, 10, {SWITCH: 90}).holds


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"exit_code": 0}, "exit 0"),
        ({"reasons": ()}, "healed by hand"),
        ({"healed_at": None}, "nobody healed it"),
        ({"recoveries": {**HEALED.recoveries, NAMES: Moment("away")}}, "names: away"),
        ({"recoveries": {**HEALED.recoveries, EARLY: back(201)}}, "moved: early"),
        ({"recoveries": {**HEALED.recoveries, NAMES: back(120)}}, "names: 120.0"),
    ],
)
def test_a_heal_that_does_not_help_is_noticed(change, why):
    answer = claims.healed(BASE, replace(HEALED, **change), 10, {})
    assert not answer.holds and why in answer.why


def test_a_flow_whose_faults_never_came_is_not_awaited():
    calm = replace(HEALED, recoveries={**HEALED.recoveries, SWITCH: Moment("steady")})
    assert claims.healed(BASE, calm, 10, {}).holds
