"""`regionfall rerun RUN`: the same plan once more, from the run's own manifest."""

from __future__ import annotations

from pathlib import Path

import typer

from harness.cli.context import current

EXAMPLES = "Examples: [bold]regionfall rerun latest[/bold]  ·  [bold]regionfall rerun 4f2a --keep[/bold]"


def rerun(
    name: str = typer.Argument("latest", metavar="RUN", help="A run: path, name, unique part of a name, or latest."),
    keep: bool = typer.Option(False, "--keep", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", help="Open the report in a browser."),
) -> None:
    """Run a finished run's plan again: same seed, same faults, same load."""
    from harness.cli.experiments import carry_out
    from harness.journal.folder import find_run
    from harness.journal.manifest import read_manifest

    context = current()
    workspace = context.workspace
    manifest = read_manifest(find_run(workspace.home, name))
    files = tuple(Path(file) for file in manifest.plan.stack.files)
    project = workspace.project(files or None)
    if project.stack != manifest.plan.stack:
        context.say(
            "note: the Compose project has changed since that run; its plan is carried out on the stack of today"
        )
    raise typer.Exit(carry_out([manifest.plan], workspace, keep=keep, fail_fast=False, open_report=open_report))
