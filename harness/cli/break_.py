"""`regionfall break TARGET [HOW]`: one experiment in one line, no file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.context import current
from harness.cli.writing import written
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.wiring.workspace import Workspace

EXAMPLES = (
    "Examples: [bold]regionfall break us-east-1[/bold]  ·  "
    '[bold]regionfall break "orders->db" slow 300ms --for 15s[/bold]  ·  '
    '[bold]regionfall break db hang --expect "web.availability >= 95%" --save db.chaos.yaml[/bold]'
)


def break_(
    target: str = typer.Argument(
        ..., metavar="TARGET", help='What: a region, a service, "caller->callee", role:NAME, tag:NAME, …'
    ),
    how: list[str] = typer.Argument(
        None,
        metavar="[HOW…]",
        help="How: slow 300ms, hang, refuse, … (`regionfall explain faults`). Default: blackout.",
    ),
    for_: str = typer.Option("30s", "--for", metavar="TIME", envvar="REGIONFALL_FOR", help="How long the fault holds."),
    expect: list[str] = typer.Option(
        [], "--expect", metavar="CLAIM", help='What must hold, e.g. "checkout.availability >= 99%"; may be repeated.'
    ),
    share: str = typer.Option(
        "", "--share", metavar="SHARE", envvar="REGIONFALL_SHARE", help="Only this share of new connections, e.g. 35%."
    ),
    save: Path | None = typer.Option(
        None,
        "--save",
        metavar="FILE",
        envvar="REGIONFALL_SAVE",
        help="Write the experiment to a file that `regionfall run` takes.",
    ),
    seed: int | None = typer.Option(None, envvar="REGIONFALL_SEED", help="Seed of load and shares."),
    no_faults: bool = typer.Option(
        False, "--no-faults", envvar="REGIONFALL_NO_FAULTS", help="The same run with the fault left out."
    ),
    keep: bool = typer.Option(False, "--keep", envvar="REGIONFALL_KEEP", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", envvar="REGIONFALL_OPEN", help="Open the report in a browser."),
) -> None:
    """Break one thing for a while and say who survived. No file is needed.

    Every entry of the stack is asked 20 times a second. Without --expect, availability while the fault holds must be
    at least 90 %, or the baseline's minus 5 points.
    """
    from harness.cli.experiments import carry_out
    from harness.spec.quick import Quick, quick_experiment, quick_text

    context = current()
    workspace = context.workspace
    base = _folder(save) if save else workspace.directory
    quick = Quick(target, tuple(how or ()), for_, tuple(expect), share, _compose(workspace, base))
    plan = quick_experiment(quick, directory=base, read_stack=workspace.read_stack, seed=seed, without_faults=no_faults)
    if save is not None:
        written(save, quick_text(quick))
        context.say(f"saved: {save}; run it again with: regionfall run {save}")
    raise typer.Exit(carry_out([plan], workspace, keep=keep, fail_fast=False, open_report=open_report))


def _folder(save: Path) -> Path:
    folder = save.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"--save {save}: there is no folder {folder}; make it first")
    return folder


def _compose(workspace: Workspace, base: Path) -> tuple[str, ...]:
    """Compose files for the saved file, relative to it; none where it would find the same ones by itself."""
    if not workspace.files and base == workspace.directory:
        return ()
    return tuple(os.path.relpath(file, base) for file in workspace.project().files)
