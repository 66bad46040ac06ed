"""The incident clock."""

from __future__ import annotations

import pytest

from harness.spec.clock import Clock, Stretch, Warp, parse_compression, scale_clock_values, seconds_text


def test_a_compression_is_written_with_an_x() -> None:
    assert parse_compression("240x") == 240
    assert parse_compression("0.5x") == 0.5
    for bad in ("240", 240, "0x", "x", "-1x", True, None):
        with pytest.raises(ValueError):
            parse_compression(bad)


@pytest.mark.parametrize(
    ("text", "compression", "scaled"),
    [
        ("60m@clock", 240, "15s"),
        ("10m@clock", 240, "2.5s"),
        ("1h 30m@clock", 240, "22.5s"),
        ("1h30m@clock", 240, "22.5s"),
        ("30s@clock", 240, "125ms"),
        ("60m@clock", 1, "3600s"),
        ("500ms", 240, "500ms"),
        ("a=60m@clock,b=2m@clock", 120, "a=30s,b=1s"),
        ("", 240, ""),
        ("user@clockwork.example", 240, "user@clockwork.example"),
    ],
)
def test_lifetimes_of_the_incident_are_divided(text: str, compression: float, scaled: str) -> None:
    assert scale_clock_values(text, compression) == scaled


@pytest.mark.parametrize("text", ["60@clock", "x@clock", "@clock"])
def test_what_stands_before_clock_must_be_a_duration(text: str) -> None:
    with pytest.raises(ValueError):
        scale_clock_values(text, 240)


def test_a_scaled_value_never_becomes_nothing() -> None:
    assert seconds_text(1e-9) != "0ms"
    assert seconds_text(0) == "0s"


def test_one_compression_scales_the_whole_clock_in_proportion() -> None:
    clock = Clock(240, {"surge": 60}, incident=True).respell("120x")
    assert (clock.default, clock.of("surge"), clock.of("other")) == (120, 30, 120)


def test_named_compressions_are_set_one_by_one() -> None:
    clock = Clock(240, {"surge": 60}, incident=True).respell("blind=100x, default=200x")
    assert (clock.default, clock.of("surge"), clock.of("blind")) == (200, 60, 100)


def test_a_file_without_a_clock_gets_one() -> None:
    clock = Clock().respell("2x")
    assert clock.incident and clock.default == 2


@pytest.mark.parametrize("spec", ["", "fast", "surge=60", "=60x", "surge=60x,"])
def test_a_wrong_clock_is_refused(spec: str) -> None:
    with pytest.raises(ValueError):
        Clock().respell(spec)


def test_moments_are_mapped_piece_by_piece() -> None:
    warp = Warp([Stretch(0, 180, 0, 6), Stretch(180, 7080, 6, 34.75)])
    assert warp.wall(0) == 0
    assert warp.wall(90) == 3
    assert warp.wall(180) == 6
    assert warp.wall(7080) == pytest.approx(34.75)
    assert warp.wall(7080 + 240) == pytest.approx(35.75)
