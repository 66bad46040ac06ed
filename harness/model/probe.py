"""Probes: questions asked of the running stack at an interval, each answer good, bad or not measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.model.objective import Limit


class ProbeKind(StrEnum):
    """The catalogue of probes, by the key that people write; one small file each in `harness/probes/`."""

    HTTP = "http"
    TCP = "tcp"
    DNS = "dns"
    SQL = "sql"
    REDIS = "redis"
    EXEC = "exec"
    BYTES = "bytes"
    LOG = "log"
    PROMETHEUS = "prometheus"
    ALERT = "alert"
    PYTHON = "python"


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. Fields that a kind does not use stay at their default.

    `service`, `port`, `path`: where it is asked. `status`, `contains`: http, what a good answer has. `query`: sql and
    prometheus. `command`, `code`: exec and redis. `looked_up`, `addresses`: dns, the name and where it may lead (none:
    anywhere). `edge`: bytes. `pattern`, `absent`: log. `alert`: name of an alert. `file`, `function`: python. `user`,
    `database`, `password_from`: sql and redis; the last is the *name* of a variable of the service, never a password.
    `limit`: what the number that was read must keep to. `tolerance`: bad answers in a row that are forgiven.
    """

    name: str
    kind: ProbeKind
    service: str = ""
    port: int = 0
    path: str = ""
    status: tuple[int, ...] = ()
    contains: str = ""
    query: str = ""
    command: tuple[str, ...] = ()
    code: int = 0
    looked_up: str = ""
    addresses: tuple[str, ...] = ()
    edge: str = ""
    pattern: str = ""
    absent: bool = False
    alert: str = ""
    file: str = ""
    function: str = ""
    user: str = ""
    database: str = ""
    password_from: str = ""
    limit: Limit | None = None
    every_s: float = 1.0
    timeout_s: float = 2.0
    tolerance: int = 0
    line: int = 1

    def __post_init__(self) -> None:
        if not (self.every_s > 0 and self.timeout_s > 0):
            raise ValueError(f"probe {self.name}: every {self.every_s} s, timeout {self.timeout_s} s; both must last")


class State(StrEnum):
    """What one answer says. UNKNOWN: it could not be measured, which is never a pass and never a failure."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer before it has a time. `note` says why it is not good, for people; it holds no answer's body."""

    state: State
    value: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer on the run's clock: when it was asked, and how long the answer took."""

    t_us: int
    probe: str
    state: State
    value: float | None = None
    took_us: int = 0
    note: str = ""


def good(value: float | None = None) -> Outcome:
    """As it should be."""
    return Outcome(State.GOOD, value)


def bad(note: str, value: float | None = None) -> Outcome:
    """Measured, and not as it should be."""
    return Outcome(State.BAD, value, note)


def unknown(note: str) -> Outcome:
    """Not measured."""
    return Outcome(State.UNKNOWN, None, note)


def within(limit: Limit | None, value: float) -> Outcome:
    """A number against its limit; without one every number is good."""
    if limit is None or limit.admits(value):
        return good(value)
    return bad(f"{value:.6g} is not {limit.text}", value)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer to one GET: status, the beginning of its body, and seconds until it was read."""

    status: int
    body: bytes
    took_s: float


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended inside a container."""

    code: int
    out: str
    err: str
