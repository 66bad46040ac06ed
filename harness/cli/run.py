"""`regionfall run PATH…`: run experiment files."""

from __future__ import annotations

from pathlib import Path

import typer

from harness.cli.context import current
from harness.cli.options import ALLOW_HOST

EXAMPLES = (
    "Examples: [bold]regionfall run experiments/[/bold]  ·  "
    "[bold]regionfall run checkout.chaos.yaml --no-faults[/bold]  ·  "
    "[bold]regionfall run checkout.chaos.yaml --set load.rate=60/s --keep[/bold]"
)


def run(
    paths: list[Path] = typer.Argument(..., metavar="PATH…", help="Experiment files, or folders of them."),
    keyword: str = typer.Option(
        "", "-k", metavar="EXPR", envvar="REGIONFALL_K", help="Only experiments whose name contains this."
    ),
    tag: str = typer.Option("", "-m", metavar="TAG", envvar="REGIONFALL_M", help="Only experiments with this tag."),
    repeat: int = typer.Option(1, min=1, max=100, envvar="REGIONFALL_REPEAT", help="Run each this often."),
    seed: int | None = typer.Option(None, envvar="REGIONFALL_SEED", help="Seed of load and shares."),
    fail_fast: bool = typer.Option(
        False, "--fail-fast", envvar="REGIONFALL_FAIL_FAST", help="End at the first run that did not pass."
    ),
    clock: str | None = typer.Option(
        None, metavar="SPEC", envvar="REGIONFALL_CLOCK", help="Another compression, e.g. 120x or surge=60x."
    ),
    no_faults: bool = typer.Option(
        False, "--no-faults", envvar="REGIONFALL_NO_FAULTS", help="The same run with every fault left out."
    ),
    overrides: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="Override one key of the file."),
    allow_host: bool = typer.Option(
        False, "--allow-host-commands", envvar="REGIONFALL_ALLOW_HOST_COMMANDS", help=ALLOW_HOST
    ),
    keep: bool = typer.Option(False, "--keep", envvar="REGIONFALL_KEEP", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", envvar="REGIONFALL_OPEN", help="Open the report in a browser."),
) -> None:
    """Run experiment files and say who survived."""
    from harness.cli.experiments import carry_out
    from harness.cli.selection import Chosen, load_plans

    workspace = current().workspace
    chosen = Chosen(tuple(paths), keyword, tag, seed, clock, no_faults, tuple(overrides), allow_host)
    plans = [plan for plan in load_plans(chosen, workspace) for _ in range(repeat)]
    raise typer.Exit(carry_out(plans, workspace, keep=keep, fail_fast=fail_fast, open_report=open_report))
