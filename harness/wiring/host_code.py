"""Code of an experiment's own files runs on this machine only when a person says so on the command line."""

from __future__ import annotations

from harness.model.errors import UsageError
from harness.model.plan import Plan
from harness.model.probe import ProbeKind

OPTION = "--allow-host-commands"


def refuse_host_code(plan: Plan, allowed: bool) -> None:
    """UsageError that names the line, unless `allowed` or the file brings no code of its own."""
    for probe in plan.probes:
        if probe.kind is ProbeKind.PYTHON and probe.file and not allowed:
            raise UsageError(
                f"{plan.file}:{probe.line} the probe {probe.name!r} runs {probe.file} on this machine;"
                f" read that file, then run it again with {OPTION}"
            )
