"""The next experiment starts from the baseline: what is in the band, and what is not."""

from __future__ import annotations

from harness.model.progress import FlowNow
from harness.script.band import Bands

LOAD = {"rate": "50/s", "flows": {"web": {}}}


def flow(availability: float | None, p95_s: float | None) -> FlowNow:
    return FlowNow(flow="web", availability=availability, p95_s=p95_s)


def test_without_a_reference_nearly_everything_must_be_good() -> None:
    assert Bands().outside(LOAD, [flow(0.995, 3.0)]) == ""
    assert "web is good in 97.0%" in Bands().outside(LOAD, [flow(0.97, 0.01)])


def test_a_flow_that_was_never_perfect_need_not_become_so() -> None:
    bands = Bands()
    bands.learn(LOAD, [flow(0.95, 0.1)])
    assert bands.outside(LOAD, [flow(0.94, 0.1)]) == ""
    assert bands.outside(LOAD, [flow(0.92, 0.1)]) != ""


def test_a_backlog_shows_in_the_p95() -> None:
    bands = Bands()
    bands.learn(LOAD, [flow(1.0, 0.1)])
    assert bands.outside(LOAD, [flow(1.0, 0.19)]) == ""
    assert "p95 of 0.250 s" in bands.outside(LOAD, [flow(1.0, 0.25)])


def test_the_first_reference_stands_and_another_load_has_none() -> None:
    bands = Bands()
    bands.learn(LOAD, [flow(1.0, 0.01)])
    bands.learn(LOAD, [flow(0.5, 2.0)])
    assert bands.outside(LOAD, [flow(0.5, 0.01)]) != ""
    assert bands.outside(LOAD | {"rate": "500/s"}, [flow(1.0, 2.0)]) == ""


def test_silence_is_not_the_baseline_and_a_band_survives_the_way_to_another_process() -> None:
    bands = Bands()
    bands.learn(LOAD, [flow(0.95, 0.1)])
    again = Bands.from_wire(bands.to_wire())
    assert again.outside(LOAD, []) != ""
    assert again.outside(LOAD, [flow(None, None)]) != ""
    assert again.outside(LOAD, [flow(0.94, 0.1)]) == ""
