"""Limits of metrics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.objective import Limit
from harness.spec.limits import parse_bytes_size, parse_limit
from harness.spec.metrics import METRICS


@pytest.mark.parametrize(
    ("metric", "text", "limit"),
    [
        ("availability", ">= 99%", Limit(">= 99%", low=0.99)),
        ("availability", ">=0.99", Limit(">=0.99", low=0.99)),
        ("availability", "70%..78%", Limit("70%..78%", low=0.7, high=0.78)),
        ("error_rate", "< 1%", Limit("< 1%", high=0.01, high_strict=True)),
        ("p99", "< 800ms", Limit("< 800ms", high=0.8, high_strict=True)),
        ("p95", "> 1s", Limit("> 1s", low=1.0, low_strict=True)),
        ("p95_ratio", "<= 110% or +20ms", Limit("<= 110% or +20ms", high=1.1, slack=0.02)),
        ("goodput_ratio", "70%..78%", Limit("70%..78%", low=0.7, high=0.78)),
        ("retries", "<= 1.2", Limit("<= 1.2", high=1.2)),
        ("goodput", ">= 18/s", Limit(">= 18/s", low=18.0)),
        ("bytes", ">= 20KB/s", Limit(">= 20KB/s", low=20_000.0)),
        ("recovers_within", "15s", Limit("15s", high=15.0)),
        ("recovers_within", "<= 15s", Limit("<= 15s", high=15.0)),
        ("recovered_at", "404m..436m", Limit("404m..436m", low=24240.0, high=26160.0)),
        ("recovered_at", ">= 7h", Limit(">= 7h", low=25200.0)),
        ("recovered_at", "never", Limit("never")),
    ],
)
def test_a_limit_is_read(metric: str, text: str, limit: Limit) -> None:
    assert parse_limit(metric, text) == limit


@pytest.mark.parametrize(
    ("metric", "text", "words"),
    [
        ("availability", "99%", "begin with <, <=, > or >="),
        ("availability", 0.99, "begin with <, <=, > or >="),
        ("availability", ">= 99", "write 99% instead of 99"),
        ("availability", ">= 101%", "more than 100%"),
        ("availability", ">= 0%", "always holds"),
        ("availability", "<= 100%", "always holds"),
        ("availability", "> 100%", "can never hold"),
        ("availability", "0%..100%", "always holds"),
        ("availability", "78%..70%", "write 70%..78%"),
        ("availability", "never", "a limit of recovered_at"),
        ("availability", None, "is not a limit"),
        ("availability", True, "is not a limit"),
        ("p99", "< 800", "write 800s or 800ms instead of 800"),
        ("p99", "< 0s", "can never hold"),
        ("p99", "< 1s or +20ms", "'or +…' belongs to"),
        ("goodput_ratio", "<= 110% or +20ms", "'or +…' belongs to"),
        ("p95_ratio", ">= 90% or +20ms", "'or +…' belongs to"),
        ("recovers_within", ">= 15s", "is an upper limit"),
        ("recovers_within", "5s..15s", "is an upper limit"),
        ("goodput", ">= 18", "is not a rate"),
        ("bytes", ">= 20", "is not a bandwidth"),
        ("p9", "< 1s", "unknown metric 'p9'; did you mean 'p99'?"),
    ],
)
def test_a_wrong_limit_says_what_to_write(metric: str, text: object, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_limit(metric, text)
    assert words in str(caught.value)


def test_the_example_of_every_metric_is_a_limit_of_it() -> None:
    for metric in METRICS.values():
        assert parse_limit(metric.name, metric.example).text == metric.example


def test_a_size_of_memory_carries_a_unit() -> None:
    assert parse_bytes_size("500MB") == 5e8
    with pytest.raises(ValueError, match="500MB"):
        parse_bytes_size("500")


@given(st.sampled_from(sorted(METRICS)), st.one_of(st.text(max_size=40), st.integers(), st.floats(), st.none()))
def test_any_text_is_a_limit_or_a_value_error(metric: str, value: object) -> None:
    try:
        limit = parse_limit(metric, value)
    except ValueError as error:
        assert str(error)
    else:
        assert limit.low is not None or limit.high is not None or limit.text == "never"
