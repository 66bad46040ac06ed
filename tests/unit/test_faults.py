"""The catalogue, and how faults on one edge become one state."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness.faults
from harness.faults.catalogue import CATALOGUE, effect_of, fault_words
from harness.faults.contract import FaultType
from harness.faults.parameters import Unit
from harness.faults.slow import latency_s
from harness.model.effect import Cut, Effect, compose
from harness.model.fault import Fault

NOT_FAULTS = {"__init__", "catalogue", "contract", "parameters"}


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
    assert (state.latency_ms, state.jitter_ms, state.rate_kbps, state.standing_ms) == (120, 5, 10, 65)


def test_a_delay_and_a_hanging_share_on_one_edge_are_one_state():
    state = compose([Effect(latency_ms=1500), Effect(cut=Cut.DROP, share=0.35)])
    assert (state.latency_ms, state.drop_share, state.cut, state.slow_share) == (1500, 0.35, Cut.NONE, 1.0)


def test_independent_shares_join_and_never_exceed_one():
    state = compose([Effect(cut=Cut.DROP, share=0.5), Effect(cut=Cut.DROP, share=0.5)])
    assert state.drop_share == 0.75


def test_a_full_reset_wins_over_a_full_drop():
    assert compose([Effect(cut=Cut.DROP), Effect(cut=Cut.RESET)]).cut is Cut.RESET


def test_slow_effects_with_different_shares_cannot_be_one_state():
    with pytest.raises(ValueError, match="different shares"):
        compose([Effect(latency_ms=1, share=0.5), Effect(latency_ms=1)])


@pytest.mark.parametrize("effect", [Effect(), Effect(latency_ms=1, jitter_ms=2, rate_kbps=3, cut=Cut.RESET, share=0.5)])
def test_an_effect_survives_the_wire(effect):
    assert Effect.from_wire(effect.to_wire()) == effect


def test_an_unknown_field_on_the_wire_is_named():
    with pytest.raises(ValueError, match="latencyms"):
        Effect.from_wire({"latencyms": 5})


def test_a_fault_is_told_in_words():
    fault = Fault("slow", latency_s=1.5, jitter_s=0.8, share=0.35)
    assert fault_words(fault) == "slow 1.5 s ± 800 ms, 35 % of new connections"
