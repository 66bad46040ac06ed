"""`regionfall rerun RUN`: the same plan once more, from the run's own manifest."""

from __future__ import annotations

from pathlib import Path

import typer

from harness.cli.context import current
from harness.cli.options import ALLOW_HOST
from harness.model.errors import UsageError
from harness.model.step import StepKind

EXAMPLES = "Examples: [bold]regionfall rerun latest[/bold]  ·  [bold]regionfall rerun 4f2a --keep[/bold]"


def rerun(
    name: str = typer.Argument("latest", metavar="RUN", help="A run: path, name, unique part of a name, or latest."),
    allow_host: bool = typer.Option(
        False, "--allow-host-commands", envvar="REGIONFALL_ALLOW_HOST_COMMANDS", help=ALLOW_HOST
    ),
    keep: bool = typer.Option(False, "--keep", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", help="Open the report in a browser."),
) -> None:
    """Run a finished run's plan again: same seed, same faults, same load."""
    from harness.cli.experiments import carry_out
    from harness.journal.folder import find_run
    from harness.journal.manifest import read_manifest
    from harness.model.masking import MASKED

    context = current()
    workspace = context.workspace
    manifest = read_manifest(find_run(workspace.home, name))
    on_host = [step for step in manifest.plan.steps if step.kind is StepKind.HOST]
    if on_host and not allow_host:
        raise UsageError(f"step {on_host[0].name!r}: {on_host[0].words}; allow it with --allow-host-commands")
    if MASKED in str(manifest.plan):
        raise UsageError(
            "that run was given values that run folders do not keep; run its file again: "
            f"regionfall run {manifest.plan.file} --seed {manifest.plan.seed}"
        )
    of_files = [probe for probe in manifest.plan.probes if probe.file]
    if of_files and not allow_host:
        text = f"probe {of_files[0].name!r} runs code of {of_files[0].file} on this machine"
        raise UsageError(f"{text}; allow it with --allow-host-commands")
    files = tuple(Path(file) for file in manifest.plan.stack.files)
    project = workspace.project(files or None)
    if project.stack != manifest.plan.stack:
        context.say(
            "note: the Compose project has changed since that run; its plan is carried out on the stack of today"
        )
    raise typer.Exit(carry_out([manifest.plan], workspace, keep=keep, fail_fast=False, open_report=open_report))
