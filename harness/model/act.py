"""What is done to a service's container: one act with its parameters, as controller and guardian tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """Ways to harm a container. The value is the word of the fault."""

    KILL = "kill"
    STOP = "stop"
    PAUSE = "pause"
    RESTART = "restart"
    CPU = "cpu"
    MEMORY = "memory"
    PIDS = "pids"
    DISK = "disk"


ENDS_PROCESS = frozenset({Act.KILL, Act.STOP, Act.RESTART, Act.MEMORY})
"""Acts after which the undo starts a container that does not run."""


@dataclass(frozen=True, slots=True)
class ContainerAct:
    """`every_s`: restart, seconds from one to the next. `cpus`: processors. `memory_bytes`, `pids`: limits.

    `free_bytes`: what a full disk leaves.
    """

    act: Act
    every_s: float = 0.0
    cpus: float = 0.0
    memory_bytes: int = 0
    pids: int = 0
    free_bytes: int = 0

    def to_wire(self) -> dict[str, Any]:
        """A JSON-ready dict without the fields that are 0."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> ContainerAct:
        """Inverse of `to_wire`; ValueError, KeyError or TypeError if it is none."""
        unknown = wire.keys() - {"act", "every_s", "cpus", "memory_bytes", "pids", "free_bytes"}
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r} of an act")
        made = cls(
            act=Act(wire["act"]),
            every_s=float(wire.get("every_s", 0)),
            cpus=float(wire.get("cpus", 0)),
            memory_bytes=int(wire.get("memory_bytes", 0)),
            pids=int(wire.get("pids", 0)),
            free_bytes=int(wire.get("free_bytes", 0)),
        )
        if problem := made.problem():
            raise ValueError(problem)
        return made

    def problem(self) -> str:
        """Why this act is not one, '' if it is."""
        needed = {
            Act.RESTART: ("every_s", 1.0),
            Act.CPU: ("cpus", 0.01),
            Act.MEMORY: ("memory_bytes", 6 << 20),
            Act.PIDS: ("pids", 1),
        }
        if self.act in needed:
            name, least = needed[self.act]
            if not getattr(self, name) >= least:
                return f"{self.act} needs {name} of at least {least}, not {getattr(self, name)}"
        return ""
