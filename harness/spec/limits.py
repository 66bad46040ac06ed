"""Limits of metrics: `>= 99%`, `< 800ms`, `70%..78%`, `<= 110% or +20ms`, `404m..436m`, `never` -> Limit."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.model.objective import Limit
from harness.spec.durations import parse_byte_rate, parse_duration, parse_rate, parse_share, shown
from harness.spec.metrics import METRICS, Metric, Value
from harness.spec.suggest import did_you_mean

NEVER = "never"
"""Text of the limit of `recovered_at` that wants no recovery by the end; `low` and `high` are open."""

_BOUND = re.compile(r"\s*(<=|>=|<|>)\s*(.*\S)\s*", re.DOTALL)
_RANGE = re.compile(r"\s*(\S.*?)\s*\.\.\s*(.*\S)\s*", re.DOTALL)
_SLACK = re.compile(r"(.*\S)\s+or\s+\+\s*(\S.*)", re.DOTALL)


def _ratio(text: object) -> float:
    """'110%' or '1.1' -> 1.1."""
    match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d+)?)\s*(%?)\s*", str(text))
    if not match:
        raise ValueError(f"{shown(text)} is not a ratio; write 110% or 1.1")
    return float(match[1]) / (100 if match[2] else 1)


def _bytes(text: object) -> float:
    """'20KB/s' -> bytes per second."""
    return parse_byte_rate(text) * 1000


def _share(text: object) -> float:
    """'99%' or '0.99' inside a limit; '99' is refused."""
    words = str(text).strip()
    if re.fullmatch(r"\d+(\.\d+)?", words) and float(words) > 1:
        raise ValueError(f"a share carries a unit: write {words}% instead of {words}")
    return parse_share(words)


def _number(text: object) -> float:
    """'12', '-0.5', '1e6' or '20KB/s' (bytes per second) -> a number."""
    words = str(text).strip()
    if words.endswith("B/s"):
        return _bytes(words)
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?([eE][+-]?\d{1,2})?", words):
        raise ValueError(f"{shown(text)} is not a number; write 10, 0.5 or 20KB/s")
    return float(words)


_READ: dict[Value, Callable[[object], float]] = {
    Value.SHARE: _share,
    Value.SECONDS: parse_duration,
    Value.PER_SECOND: parse_rate,
    Value.BYTES: _bytes,
    Value.RATIO: _ratio,
    Value.WITHIN: parse_duration,
    Value.MOMENT: parse_duration,
    Value.NUMBER: _number,
}

VALUE = Metric("value", Value.NUMBER, "1", "probe", "the number that a probe reads", ">= 10")
"""Limit of what a probe reads: part of the probe, not a metric of a run."""


def parse_limit(metric_name: str, value: object) -> Limit:
    """The limit that `value` says for a metric of the catalogue. ValueError says what to write instead."""
    metric = METRICS.get(metric_name)
    if metric is None:
        raise ValueError(f"unknown metric {metric_name!r}; {did_you_mean(metric_name, METRICS)}")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not str(value).strip():
        raise ValueError(f'{shown(value)} is not a limit; write {metric_name}: "{metric.example}"')
    text = str(value).strip()
    if len(text) > 200:
        raise ValueError(f'{shown(text)} is not a limit; write {metric_name}: "{metric.example}"')
    limit = _parse(metric, text)
    _refuse_pointless(metric, limit)
    return limit


def parse_value_limit(value: object) -> Limit:
    """The limit of a probe's number: ">= 10", "< 0.5", "3..7". ValueError says what to write instead."""
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise ValueError(f'{shown(value)} is not a limit; write value: "{VALUE.example}"')
    return _parse(VALUE, value.strip())


def _parse(metric: Metric, text: str) -> Limit:
    if text == NEVER:
        if metric.value is not Value.MOMENT:
            raise ValueError(f"'never' is a limit of recovered_at; write {metric.name}: \"{metric.example}\"")
        return Limit(text)
    bound = _BOUND.fullmatch(text)
    if bound:
        return _bound(metric, text, bound[1], bound[2])
    between = _RANGE.fullmatch(text)
    if between:
        return _range(metric, text, between[1], between[2])
    if metric.value is Value.WITHIN:
        return Limit(text, high=parse_duration(text))
    raise ValueError(
        f"{shown(text)} is not a limit; begin with <, <=, > or >=, or write LOW..HIGH, as in"
        f' {metric.name}: "{metric.example}"'
    )


def _bound(metric: Metric, text: str, operator: str, rest: str) -> Limit:
    slack = None
    extra = _SLACK.fullmatch(rest)
    if extra:
        if not metric.latency_ratio or operator not in ("<", "<="):
            raise ValueError(f"{shown(text)}: 'or +…' belongs to an upper limit of p50_ratio, p95_ratio or p99_ratio")
        rest, slack = extra[1], parse_duration(extra[2])
    number = _READ[metric.value](rest)
    strict = operator in ("<", ">")
    if operator in (">", ">="):
        if metric.value is Value.WITHIN:
            raise ValueError(f"{shown(text)}: {metric.name} is an upper limit; write {metric.name}: {rest}")
        return Limit(text, low=number, low_strict=strict)
    return Limit(text, high=number, high_strict=strict, slack=slack)


def _range(metric: Metric, text: str, low_text: str, high_text: str) -> Limit:
    if metric.value is Value.WITHIN:
        raise ValueError(f"{shown(text)}: {metric.name} is an upper limit; write {metric.name}: {high_text}")
    read = _READ[metric.value]
    low, high = read(low_text), read(high_text)
    if low > high:
        raise ValueError(f"{shown(text)} is empty: {low_text} is more than {high_text}; write {high_text}..{low_text}")
    return Limit(text, low=low, high=high)


def _refuse_pointless(metric: Metric, limit: Limit) -> None:
    """A limit that always holds, or never can, decides nothing."""
    top = 1.0 if metric.value is Value.SHARE else None
    below_all = limit.low is None or (limit.low <= 0 and not limit.low_strict)
    above_all = limit.high is None or (top is not None and limit.high >= top and not limit.high_strict)
    if below_all and above_all and limit.text != NEVER:
        raise ValueError(f'{shown(limit.text)} always holds; write {metric.name}: "{metric.example}"')
    over = top is not None and limit.low is not None and limit.low >= top and limit.low_strict
    under = limit.high is not None and limit.high <= 0 and limit.high_strict
    if over or under:
        raise ValueError(f'{shown(limit.text)} can never hold; write {metric.name}: "{metric.example}"')


def parse_value(metric_name: str, value: object) -> float:
    """One value of a metric, without an operator: '20%' of availability -> 0.2. ValueError says what to write."""
    return _READ[(METRICS | {VALUE.name: VALUE})[metric_name].value](value)


_SIZE = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([KkMG]?)B\s*")
_FACTOR = {"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}


def parse_bytes_size(value: object) -> float:
    """'500MB' -> bytes (decimal prefixes). ValueError on a bare number."""
    match = _SIZE.fullmatch(str(value))
    if not match:
        raise ValueError(f"{shown(value)} is not a size; write 500MB or 2GB")
    return float(match[1]) * _FACTOR[match[2]]
