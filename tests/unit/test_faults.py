"""The catalogue, and how faults on one edge become one state."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness.faults
from harness.faults.catalogue import CATALOGUE, effect_of, fault_words
from harness.faults.contract import FaultType
from harness.faults.parameters import Unit
from harness.faults.slow import latency_s
from harness.model.effect import Cut, Effect, Way, compose
from harness.model.fault import Fault
from harness.model.shape import Ending

NOT_FAULTS = {"__init__", "catalogue", "by_name", "contract", "on_containers", "own", "parameters", "per_request"}


def test_every_file_of_the_folder_is_a_fault_of_its_name_or_part_of_the_contract():
    files = {path.stem for path in Path(harness.faults.__path__[0]).glob("*.py")} - NOT_FAULTS
    assert {kind.replace("-", "_") for kind in CATALOGUE} == files


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.kind)
def test_every_fault_tells_all_about_itself(entry: FaultType) -> None:
    for words in (entry.symptom, entry.driver, entry.undo, entry.example, entry.proof, entry.cannot):
        assert words and not words.endswith(".")
    assert sum(parameter.short for parameter in entry.parameters) <= 1
    assert not (entry.free and entry.parameters)
    for parameter in entry.parameters:
        assert parameter.meaning
        assert parameter.example or not parameter.required, f"{parameter.name} is needed, so show how to write it"
        assert parameter.unit is not Unit.DURATION or not parameter.required or parameter.high, "a wait has an end"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("slow", latency_s=0.3, jitter_s=0.05), Effect(latency_ms=300, jitter_ms=50)),
        (Fault("bandwidth", rate_kbps=0.2), Effect(rate_kbps=1)),
        (Fault("hang", share=0.35), Effect(cut=Cut.DROP, share=0.35)),
        (Fault("refuse"), Effect(cut=Cut.RESET)),
        (Fault("blackout"), Effect(cut=Cut.DROP)),
        (Fault("isolate"), Effect(cut=Cut.DROP)),
        (Fault("partition"), Effect(cut=Cut.DROP)),
        (Fault("one-way"), Effect(cut=Cut.DROP)),
        (Fault("blackhole"), Effect(cut=Cut.DROP)),
        (
            Fault("brownout", latency_s=0.4, jitter_s=0.2, params=(("loss", 0.1),)),
            Effect(latency_ms=400, jitter_ms=200, lost=0.1),
        ),
        (Fault("slow", latency_s=0.3, params=(("way", "response"),)), Effect(latency_ms=300, way=Way.RESPONSE)),
        (Fault("bandwidth", rate_kbps=9, params=(("way", "request"),)), Effect(rate_kbps=9, way=Way.REQUEST)),
        (Fault("hang", params=(("way", "response"),)), Effect(cut=Cut.DROP, way=Way.RESPONSE)),
        (Fault("slow_close", params=(("delay", 1.5),)), Effect(ending=Ending.SLOW_CLOSE, amount=1500)),
        (Fault("timeout", params=(("after", 0.0),)), Effect(ending=Ending.TIMEOUT)),
        (Fault("reset_peer", share=0.5), Effect(ending=Ending.RESET_PEER, share=0.5)),
        (Fault("limit_data", params=(("bytes", 5000.0),)), Effect(ending=Ending.LIMIT_DATA, amount=5000)),
        (
            Fault("slicer", params=(("size", 100.0), ("vary", 9.0), ("gap", 0.01))),
            Effect(slice_bytes=100, slice_vary=9, gap_us=10_000),
        ),
        (Fault("reset"), Effect(kill_ms=-1)),
        (Fault("reset", params=(("every", 2.0), ("new", "refused"))), Effect(kill_ms=2000, cut=Cut.RESET)),
        (Fault("flags", flags=(("x", "1"),)), None),
    ],
)
def test_each_fault_has_its_effect_on_an_edge(fault, expected):
    assert effect_of(fault, 0.0) == expected


def test_a_ramp_climbs_in_equal_steps_and_stays():
    ramp = Fault("slow", latency_s=0.4, ramp_from_s=0.02, ramp_over_s=10, ramp_steps=2)
    assert [round(latency_s(ramp, t), 3) for t in (0, 4.9, 5, 9.9, 10, 99)] == [0.02, 0.02, 0.21, 0.21, 0.4, 0.4]


def test_delays_add_and_the_smallest_rate_wins():
    state = compose(
        [Effect(latency_ms=100, rate_kbps=50), Effect(latency_ms=20, jitter_ms=5, rate_kbps=10)], standing_ms=65
    )
    assert (state.shape.latency_ms, state.shape.jitter_ms, state.shape.rate_kbps, state.standing_ms) == (120, 5, 10, 65)


def test_a_delay_and_a_hanging_share_on_one_edge_are_one_state():
    state = compose([Effect(latency_ms=1500), Effect(cut=Cut.DROP, share=0.35)])
    assert (state.shape.latency_ms, state.drop_share, state.cut, state.slow_share) == (1500, 0.35, Cut.NONE, 1.0)


def test_independent_shares_join_and_never_exceed_one():
    state = compose([Effect(cut=Cut.DROP, share=0.5), Effect(cut=Cut.DROP, share=0.5)])
    assert state.drop_share == 0.75


def test_a_full_reset_wins_over_a_full_drop():
    assert compose([Effect(cut=Cut.DROP), Effect(cut=Cut.RESET)]).cut is Cut.RESET


def test_slow_effects_with_different_shares_cannot_be_one_state():
    with pytest.raises(ValueError, match="different shares"):
        compose([Effect(latency_ms=1, share=0.5), Effect(latency_ms=1)])


def test_two_one_way_cuts_are_a_whole_one_and_a_whole_one_wins():
    one, other = Effect(cut=Cut.DROP, way=Way.REQUEST), Effect(cut=Cut.DROP, way=Way.RESPONSE)
    assert (compose([one]).cut, compose([one]).cut_way) == (Cut.DROP, Way.REQUEST)
    assert (compose([one, other]).cut, compose([one, other]).cut_way) == (Cut.DROP, Way.BOTH)
    assert (compose([one, Effect(cut=Cut.RESET)]).cut, compose([one, Effect(cut=Cut.RESET)]).cut_way) == (
        Cut.RESET,
        Way.BOTH,
    )


def test_nothing_at_this_moment_changes_nothing():
    assert compose([Effect(), Effect(latency_ms=9, share=0.5)]) == compose([Effect(latency_ms=9, share=0.5)])


def test_endings_of_one_kind_join():
    late = [Effect(ending=Ending.SLOW_CLOSE, amount=5), Effect(ending=Ending.SLOW_CLOSE, amount=7)]
    assert compose(late).shape.amount == 12
    ends = [Effect(ending=Ending.TIMEOUT, amount=0), Effect(ending=Ending.TIMEOUT, amount=7)]
    assert compose(ends).shape.amount == 7, "never is no time at all"


ANSWERS = [Effect(rate_kbps=5), Effect(latency_ms=5, way=Way.RESPONSE), Effect(slice_bytes=50)]


@pytest.mark.parametrize("other", ANSWERS, ids=str)
@pytest.mark.parametrize("ending", [ending for ending in Ending if ending])
def test_an_ending_shares_the_direction_of_answers_with_nothing(ending, other):
    with pytest.raises(ValueError, match="both act on answers"):
        compose([Effect(ending=ending, amount=9), other])
    compose([Effect(ending=ending, amount=9), Effect(latency_ms=5), Effect(rate_kbps=5, way=Way.REQUEST)])


WIRED = [
    Effect(),
    Effect(latency_ms=1, jitter_ms=2, rate_kbps=3, cut=Cut.RESET, share=0.5),
    Effect(way=Way.REQUEST, kill_ms=-1, ending=Ending.LIMIT_DATA, amount=4, slice_bytes=5, slice_vary=6, gap_us=7),
]


@pytest.mark.parametrize("effect", WIRED)
def test_an_effect_survives_the_wire(effect):
    assert Effect.from_wire(effect.to_wire()) == effect


def test_an_unknown_field_on_the_wire_is_named():
    with pytest.raises(ValueError, match="latencyms"):
        Effect.from_wire({"latencyms": 5})


def test_a_fault_is_told_in_words():
    fault = Fault("slow", latency_s=1.5, jitter_s=0.8, share=0.35)
    assert fault_words(fault) == "slow 1.5 s ± 800 ms, 35 % of new connections"


def test_a_brownout_is_slow_and_loses_a_share_and_joins_with_other_losses():
    brown = Effect(latency_ms=400, jitter_ms=200, lost=0.1)
    alone = compose([brown])
    assert (alone.shape.latency_ms, alone.slow_share, alone.drop_share, alone.cut) == (400, 1.0, 0.1, Cut.NONE)
    assert compose([brown, Effect(cut=Cut.DROP, share=0.5)]).drop_share == 0.55
    assert Effect.from_wire(brown.to_wire()) == brown
