"""`regionfall demo`: replay us-east-1 of 2021-12-07 on the bundled stack."""

from __future__ import annotations

from pathlib import Path

import typer

import harness
from harness.cli.context import current
from harness.model.errors import UsageError

REPLAY = Path("experiments") / "aws-us-east-1-2021-12-07.chaos.yaml"
EXAMPLES = (
    "Examples: [bold]regionfall demo[/bold]  ·  "
    "[bold]regionfall demo --no-faults[/bold]  ·  "
    "[bold]regionfall demo --keep[/bold]"
)


def bundled(relative: Path) -> Path:
    """A file that ships with regionfall: from the checkout, else from the installed package."""
    package = Path(harness.__file__).parent
    for root in (package.parent, package / "_bundled"):
        if (root / relative).exists():
            return root / relative
    raise UsageError(f"{relative} is not part of this installation; reinstall regionfall or work in a checkout")


def demo(
    no_faults: bool = typer.Option(False, "--no-faults", help="The same run with every fault left out."),
    seed: int | None = typer.Option(None, help="Seed of load and shares."),
    clock: str | None = typer.Option(None, metavar="SPEC", help="Another compression."),
    keep: bool = typer.Option(False, "--keep", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", help="Open the report in a browser."),
) -> None:
    """Replay AWS us-east-1 of 2021-12-07 on the bundled stack, write and name the report."""
    from harness.cli.experiments import carry_out
    from harness.cli.selection import Chosen, load_plans

    workspace = current().workspace
    workspace.files = ()
    chosen = Chosen((bundled(REPLAY),), seed=seed, clock=clock, no_faults=no_faults)
    plans = load_plans(chosen, workspace)
    raise typer.Exit(carry_out(plans, workspace, keep=keep, fail_fast=False, open_report=open_report))
