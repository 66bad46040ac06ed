"""Runs of the command in a folder of its own, as a person in a shell would do them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readings import Reading, read
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "harness")


def parsed(text: str) -> dict[str, Any]:
    """A YAML document as plain values, anchors and merges resolved; `on` is a word."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return document


class RunBroken(Exception):
    """A run ended without a folder that can be read."""


@dataclass
class Bench:
    """A working directory; every command runs in it. `turn` is entered around whatever makes load."""

    directory: Path
    turn: Callable[[], AbstractContextManager[Any]] = nullcontext
    timeout_s: float = 900.0
    commands: list[str] = field(default_factory=list)

    def write(self, name: str, document: dict[str, Any]) -> Path:
        """A document as a file; JSON is YAML."""
        path = self.directory / name
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Any command, to its end."""
        return subprocess.run(
            [*COMMAND, *words], cwd=self.directory, env=_environ(), text=True, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=self.timeout_s, check=False,
        )  # fmt: skip

    def run(self, file: str, *options: str, heal: tuple[str, float] | None = None) -> tuple[Reading, Path]:
        """Run an experiment and read it. `heal`: lift all faults so many wall seconds into that phase."""
        known = set(self.folders())
        with self.turn():
            process = subprocess.Popen(
                [*COMMAND, "run", file, "--json", "-q", *options], cwd=self.directory, env=_environ(), text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            try:
                if heal is not None:
                    self._heal(process, known, heal)
                out, err = process.communicate(timeout=self.timeout_s)
            finally:
                if process.poll() is None:  # let it take its faults and its stack away
                    process.terminate()
                    process.wait(timeout=120)
        fresh = set(self.folders()) - known
        if len(fresh) != 1 or not out.strip():
            raise RunBroken(f"{file} ended with {process.returncode} and no verdict: {err.strip()[-2000:]}")
        (folder,) = fresh
        verdict = json.loads(out)
        if verdict["status"] != "completed":
            raise RunBroken(f"{file} {verdict['status']} in {folder.name}: {'; '.join(verdict['reasons'])}")
        return read(folder), folder

    def folders(self) -> Sequence[Path]:
        """Run folders, the oldest first."""
        runs = self.directory / ".regionfall" / "runs"
        return sorted(runs.iterdir()) if runs.is_dir() else []

    def _heal(self, process: subprocess.Popen[str], known: set[Path], when: tuple[str, float]) -> None:
        phase, after = when
        end = time.monotonic() + self.timeout_s
        while process.poll() is None and time.monotonic() < end:
            if any(self._entered(folder, phase) for folder in set(self.folders()) - known):
                time.sleep(after)
                done = self.command("heal", "--json")
                if done.returncode != 0:
                    raise RunBroken(f"heal ended with {done.returncode}: {done.stderr.strip()}")
                return
            time.sleep(0.1)

    @staticmethod
    def _entered(folder: Path, phase: str) -> bool:
        journal = folder / "events.ndjson"
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
        wanted = f'"phase": "{phase}"'
        return any('"phase_started"' in line and wanted in line for line in lines)


def _environ() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("REGIONFALL_", "COMPOSE_"))}
    return kept | {"PYTHONPATH": str(ROOT)}
