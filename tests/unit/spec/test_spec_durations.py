"""Durations, shares, rates and bandwidths as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec.durations import parse_byte_rate, parse_duration, parse_rate, parse_share


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("300ms", 0.3),
        ("30s", 30),
        ("2m", 120),
        ("1h", 3600),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("1.5s", 1.5),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (30, "write 30s or 30ms instead of 30"),
        ("30", "write 30s or 30ms instead of 30"),
        (True, "True is not a duration"),
        (None, "None is not a duration"),
        ("-3s", "'-3s' is not a duration"),
        (-3, "-3 is not a duration"),
        ("3 sec", "'3 sec' is not a duration"),
        ("30m 1h", "the largest first"),
        ("1m 1m", "each unit once"),
        ("9999h", "longer than a year"),
        ("", "is not a duration"),
        (["1s"], "is not a duration"),
    ],
)
def test_what_is_not_a_duration_is_refused_with_what_to_write(value: object, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(value)
    assert words in str(caught.value)


@pytest.mark.parametrize(("value", "share"), [("30%", 0.3), (0.3, 0.3), ("0.3", 0.3), ("100%", 1), ("0%", 0), (1.0, 1)])
def test_a_share_is_a_percentage_or_a_fraction(value: object, share: float) -> None:
    assert parse_share(value) == pytest.approx(share)


@pytest.mark.parametrize("value", [30, 1, "30", "130%", -0.1, 1.2, True, "x", float("nan"), float("inf")])
def test_a_share_without_a_unit_or_out_of_range_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        parse_share(value)


def test_a_rate_and_a_bandwidth_carry_units() -> None:
    assert parse_rate("120/s") == 120
    assert parse_rate("90/m") == 1.5
    assert parse_byte_rate("20KB/s") == 20
    assert parse_byte_rate("1.5MB/s") == 1500
    for bad in (120, "120", "120 per second", True):
        with pytest.raises(ValueError):
            parse_rate(bad)
        with pytest.raises(ValueError):
            parse_byte_rate(bad)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.integers())))
def test_every_reader_gives_a_finite_number_or_a_value_error(value: object) -> None:
    for read in (parse_duration, parse_share, parse_rate, parse_byte_rate):
        try:
            number = read(value)
        except ValueError as error:
            assert str(error)
        else:
            assert 0 <= number < 1e300
