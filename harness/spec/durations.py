"""Durations, rates, shares and byte rates as people write them -> numbers. ValueError says what to write."""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_ORDER = list(_SECONDS)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)(?![a-z])")
_DURATION = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h)\s*)+")
_NUMBER = re.compile(r"\s*[+-]?\d+(?:\.\d+)?\s*")
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(s|m|h)\s*")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_BYTE_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KkMG]?)B/s\s*")
_BYTES = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KkMG]?)B\s*")
_KILO = {"": 0.001, "k": 1.0, "K": 1.0, "M": 1000.0, "G": 1e6}

_LONGEST_S = 366 * 86400.0


def shown(value: object) -> str:
    """A value for an error message: quoted, and cut where it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def parse_duration(value: object) -> float:
    """'300ms', '30s', '2m', '1h 30m' -> seconds. ValueError on a bare number, an unknown unit, more than a year."""
    text = _text_of_duration(value)
    if not _DURATION.fullmatch(text):
        if _NUMBER.fullmatch(text):
            raise ValueError(_bare(text.strip()))
        raise ValueError(f"{shown(value)} is not a duration; write it with units: 300ms, 30s, 2m, 1h 30m")
    parts = _PART.findall(text)
    units = [_ORDER.index(unit) for _, unit in parts]
    if units != sorted(set(units), reverse=True):
        raise ValueError(f"{shown(value)} is not a duration: each unit once, the largest first, as in 1h 30m")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST_S:
        raise ValueError(f"{shown(value)} is longer than a year; write a shorter duration")
    return round(seconds, 9)


def _text_of_duration(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{shown(value)} is not a duration; write it with units: 300ms, 30s, 2m, 1h 30m")
    if not isinstance(value, str):
        raise ValueError(_bare(str(value)))
    return value


def _bare(number: str) -> str:
    if number.startswith(("-", "+")):
        return f"{number} is not a duration; it is a length of time with a unit, as in 30s"
    return f"a duration carries a unit: write {number}s or {number}ms instead of {number}"


def parse_share(value: object) -> float:
    """'30%' or 0.3 -> 0.3. ValueError on a number above 1 without %, on a text without %, outside 0–100 %."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{shown(value)} is not a share; write 30% or 0.3")
    if isinstance(value, str):
        return _share_of_text(value)
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError(f"{value} is not a share; write {value:g}% for a percentage, or a number from 0 to 1")
    if isinstance(value, int):
        raise ValueError(f"a share carries a unit: write {value * 100}% or {float(value)} instead of {value}")
    return value


def _share_of_text(text: str) -> float:
    match = _PERCENT.fullmatch(text)
    if match:
        share = float(match[1]) / 100
        if share > 1:
            raise ValueError(f"{shown(text)} is more than 100%")
        return share
    if re.fullmatch(r"\s*(0(\.\d+)?|1\.0+)\s*", text):
        return float(text)
    raise ValueError(f"{shown(text)} is not a share; write 30% or 0.3")


def parse_rate(value: object) -> float:
    """'120/s', '90/m' -> events per second. ValueError on a bare number."""
    if isinstance(value, str):
        match = _RATE.fullmatch(value)
        if match:
            return float(match[1]) / _SECONDS[match[2]]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"a rate carries a unit: write {value}/s instead of {value}")
    raise ValueError(f"{shown(value)} is not a rate; write requests per second as 120/s")


def parse_byte_rate(value: object) -> float:
    """'20KB/s', '1.5MB/s' -> kilobytes (1000) per second and connection. ValueError on anything else."""
    if isinstance(value, str):
        match = _BYTE_RATE.fullmatch(value)
        if match:
            return float(match[1]) * _KILO[match[2]]
    raise ValueError(f"{shown(value)} is not a bandwidth; write it as 20KB/s or 1MB/s")


def parse_bytes(value: object) -> float:
    """'500B', '20KB', '1.5MB' -> bytes (1 KB = 1000). ValueError on a bare number and anything else."""
    if isinstance(value, str):
        match = _BYTES.fullmatch(value)
        if match:
            return float(match[1]) * _KILO[match[2]] * 1000
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError(f"a size carries a unit: write {value}B or {value}KB instead of {value}")
    raise ValueError(f"{shown(value)} is not a size; write it as 500B, 20KB or 1MB")
