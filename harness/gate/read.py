"""A run folder as the gate reads it."""

from __future__ import annotations

import json
from pathlib import Path

from harness.gate.run import Run
from harness.journal.layout import VERDICT
from harness.journal.manifest import read_manifest
from harness.model.errors import UsageError

_NEEDED = ("run", "experiment", "exit_code", "findings", "environment")


def read_run(folder: Path) -> Run:
    """One run; UsageError when its verdict.json is missing, damaged or of another version."""
    path = folder / VERDICT
    try:
        verdict = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in _NEEDED if key not in verdict]
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); `regionfall report {folder} --judge` writes it") from error
    if missing:
        raise UsageError(f"{path}: has no {missing[0]}; `regionfall report {folder} --judge` writes it anew")
    file = read_manifest(folder).plan.file
    return Run(str(folder), verdict, _relative(file))


def _relative(file: str) -> str:
    """As seen from here, where it lies below: what a pipeline can link to."""
    try:
        return str(Path(file).resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return file
