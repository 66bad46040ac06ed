"""Values from the environment: durations, shares, maps. A missing or unreadable value stops the program at once."""

from __future__ import annotations

import os
import re

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h)(?:@clock)?")


def seconds(text: str) -> float:
    """`250ms`, `2.5s`, `60m` as seconds. `60m@clock` that nobody divided runs in real time: 3600.0."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number with one of {', '.join(UNITS)}, such as 250ms")
    return float(match[1]) * UNITS[match[2]]


def per_second(text: str) -> float:
    """`20/s` as 20.0."""
    number, slash, unit = text.partition("/")
    if (slash, unit) != ("/", "s"):
        raise ValueError(f"{text!r} is not a rate; write it as 20/s")
    return float(number)


def share(text: str) -> float:
    """`0.26` or `26%` as 0.26; outside of 0–1 is an error."""
    value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} is not a share between 0 and 1")
    return value


def pairs(text: str) -> dict[str, str]:
    """`a=x b=y` as a dict in the order written."""
    items = (word.partition("=") for word in text.split())
    return {name: value for name, _, value in items}


def env(name: str, default: str | None = None) -> str:
    """The variable `name`; without a default it must be there."""
    value = os.environ.get(name, default)
    if value is None:
        raise SystemExit(f"{name} is not set; this kind of service needs it")
    return value


def env_seconds(name: str, default: str | None = None) -> float:
    """The duration in the variable `name`."""
    return seconds(env(name, default))
