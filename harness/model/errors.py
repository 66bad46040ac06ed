"""The one exception tree. Every message gives the value, the place and the next step.

HarnessError                      70  a bug of ours unless a subclass says otherwise
├── UsageError                     2  a wrong command line; nothing was touched
│   └── InvalidFile                2  one or more problems in files, each with line and column
├── NothingSelected                5  a selection that matched no experiment
├── ClusterError                   4  engine, image, port, unhealthy service
│   ├── ControlLost                4  a proxy's control stream ended or did not answer in time
│   └── LoadError                  4  the load generator could not start or died
├── Inconclusive                   3  the data do not decide
├── ProbeError                     4  a probe has no answer; never leaves the probe's own thread
│   ├── NotAnswered                4  it was asked, and what it asks gave no answer: bad
│   └── NotMeasured                4  it could not be asked at all: unknown
├── CleanupUnverified              7  a fault may still hold
├── Stopped                  130/143  stopped by a signal, clean-up verified
└── ResilienceFailed (AssertionError)  1  an objective was missed
"""

from __future__ import annotations

from dataclasses import dataclass


class HarnessError(Exception):
    """Root of the tree; `exit_code` is what a command ends with when nothing catches it."""

    exit_code = 70


class UsageError(HarnessError):
    """The command line cannot be obeyed; nothing was touched."""

    exit_code = 2


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake at one place of one file: 1-based line and column."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.message}"


class InvalidFile(UsageError):
    """All problems of all files that were read, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NothingSelected(HarnessError):
    """The selection matched no experiment."""

    exit_code = 5


class ClusterError(HarnessError):
    """The environment cannot carry the run: engine, image, port, unhealthy service."""

    exit_code = 4


class ControlLost(ClusterError):
    """A border's control stream ended, or a call missed its deadline."""


class LoadError(ClusterError):
    """The load generator could not start, or died."""


class Inconclusive(HarnessError):
    """The data do not decide; the message names the smallest change that would."""

    exit_code = 3


class ProbeError(HarnessError):
    """A probe has no answer; becomes a reading, and never ends a run."""

    exit_code = 4


class NotAnswered(ProbeError):
    """What was asked is there and gave no answer in time, or refused: a bad reading."""


class NotMeasured(ProbeError):
    """The question could not be asked; says nothing about what it asks."""


class CleanupUnverified(HarnessError):
    """A fault may still hold; the message gives the command that finishes by hand."""

    exit_code = 7


class Stopped(HarnessError):
    """Stopped by a signal after a verified clean-up; `signal_number` decides the code."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
        super().__init__(f"stopped by signal {signal_number}; clean-up verified")


class ResilienceFailed(HarnessError, AssertionError):
    """An objective was missed, with the evidence in the message."""

    exit_code = 1


for _public in (HarnessError, UsageError, InvalidFile, NothingSelected, ClusterError, ControlLost, LoadError,
                Inconclusive, CleanupUnverified, Stopped, ResilienceFailed):  # fmt: skip
    _public.__module__ = "harness"  # where programs catch them, so tracebacks and JUnit call them that
