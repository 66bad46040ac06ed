"""The small language in which a service's environment says what it calls.

    /page = http://bridge:8081/kv/page timeout=1s new | http://kv:8080/page ; POST http://metrics:8080/points soft

A line gives a path its steps. Steps (`;`) run one after another, alternatives of a step (`|`) are tried in order.
Words of a call: `timeout=1s retries=2 breaker=3/10s new soft`; `new` opens a connection per call.
"""

from __future__ import annotations

from dataclasses import dataclass

from mock.settings import per_second, seconds

METHODS = ("GET", "POST", "PUT")


@dataclass(frozen=True)
class Call:
    """One call: where to, how long to wait, how often to try again."""

    url: str
    method: str = "GET"
    timeout_s: float = 2.0
    retries: int = 0
    breaker: tuple[int, float] | None = None
    new: bool = False


@dataclass(frozen=True)
class Step:
    """Alternatives in order; a soft step may fail without failing the request."""

    calls: tuple[Call, ...]
    soft: bool = False


@dataclass(frozen=True)
class Steady:
    """A step that is made by itself at a steady rate."""

    name: str
    per_s: float
    step: Step


def parse_call(text: str) -> Call:
    """One call; ValueError names the word that is not understood."""
    words = text.split()
    method = words.pop(0) if words and words[0] in METHODS else "GET"
    if not words or "://" not in words[0]:
        raise ValueError(f"{text!r} names no address to call")
    fields: dict[str, object] = {"url": words[0], "method": method}
    for word in words[1:]:
        name, _, value = word.partition("=")
        if word == "new":
            fields["new"] = True
        elif name == "timeout":
            fields["timeout_s"] = seconds(value)
        elif name == "retries":
            fields["retries"] = int(value)
        elif name == "breaker":
            fails, _, pause = value.partition("/")
            fields["breaker"] = (int(fails), seconds(pause))
        else:
            raise ValueError(f"{word!r} in {text!r} is not one of timeout= retries= breaker= new soft")
    return Call(**fields)  # type: ignore[arg-type]


def parse_step(text: str) -> Step:
    """Alternatives of one step; the word `soft` anywhere makes the step soft."""
    words = text.split()
    soft = "soft" in words
    plain = " ".join(word for word in words if word != "soft")
    return Step(tuple(parse_call(part) for part in plain.split(" | ")), soft)


def parse_routes(text: str) -> dict[str, tuple[Step, ...]]:
    """All lines `PATH = steps`; a path without steps answers by itself."""
    routes = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        path, _, steps = line.partition(" =")
        if not path.startswith("/"):
            raise ValueError(f"{line!r} does not begin with a path")
        routes[path] = tuple(parse_step(part) for part in steps.split(" ; ") if part.strip())
    return routes


def parse_steady(text: str) -> tuple[Steady, ...]:
    """All lines `NAME RATE/s = step`."""
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        head, _, step = line.partition(" = ")
        name, rate = head.split()
        found.append(Steady(name, per_second(rate), parse_step(step)))
    return tuple(found)
