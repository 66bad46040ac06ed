"""Steps of a timeline: what people do while something is broken (their own failover), and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StepKind(StrEnum):
    """How a step is carried out."""

    HTTP = "http"
    """One HTTP call to a service."""
    EXEC = "exec"
    """A command in a service's container."""
    HOST = "host"
    """A command on the machine that runs regionfall; only when the command line allows it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, planned. `at_s` counts in wall seconds from t=0, `deadline_s` from its own start.

    `service`: http and exec. `port`, `method`, `path`, `body` (JSON text), `ok_status`: http. `run`: exec and host, a
    list of words that no shell reads. `directory`: where a host command runs.
    """

    name: str
    kind: StepKind
    at_s: float
    deadline_s: float
    phase: str = ""
    service: str = ""
    port: int = 0
    method: str = "GET"
    path: str = "/"
    body: str = ""
    ok_status: tuple[int, ...] = ()
    run: tuple[str, ...] = ()
    directory: str = ""
    line: int = 1

    @property
    def words(self) -> str:
        """For people: 'POST web:8080/admin/failover', 'pg_ctl promote in db', './failover.sh on this machine'."""
        if self.kind is StepKind.HTTP:
            return f"{self.method} {self.service}:{self.port}{self.path}"
        place = f"in {self.service}" if self.kind is StepKind.EXEC else "on this machine"
        return f"{' '.join(self.run)} {place}"


class StepState(StrEnum):
    """What became of a step."""

    WORKED = "worked"
    FAILED = "failed"
    """It ended, or could not begin, with something else than success."""
    TIMED_OUT = "timed out"
    CUT_OFF = "cut off"
    """The run ended first."""
    NOT_RUN = "not run"
    """The run ended, or everything was lifted, before its time came."""


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What carrying out one step gave. `status`: HTTP status or exit code, None without one. `lines`: its last output,
    secrets masked."""

    state: StepState
    detail: str = ""
    status: int | None = None
    took_s: float = 0.0
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepResult:
    """A step as a verdict tells it. `at_s`: when it really began, wall seconds from t=0. `during`: injections that held
    from then to its end."""

    name: str
    kind: str
    what: str
    phase: str
    state: str
    detail: str
    status: int | None
    at_s: float | None
    took_s: float
    deadline_s: float
    during: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
