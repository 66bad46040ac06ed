"""One run folder as the gate has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """Its verdict.json, and the file that it came from."""

    folder: str
    verdict: dict[str, Any]
    file: str = ""

    @property
    def experiment(self) -> str:
        """Its name."""
        return str(self.verdict["experiment"])

    @property
    def code(self) -> int:
        """Its own exit code."""
        return int(self.verdict["exit_code"])
