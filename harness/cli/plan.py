"""`regionfall plan PATH…`: check files, resolve and print everything, touch nothing."""

from __future__ import annotations

from pathlib import Path

import typer

from harness.cli.context import current
from harness.cli.options import ALLOW_HOST

EXAMPLES = (
    "Examples: [bold]regionfall plan checkout.chaos.yaml[/bold]  ·  [bold]regionfall plan experiments/ --json[/bold]"
)


def plan(
    paths: list[Path] = typer.Argument(..., metavar="PATH…", help="Experiment files, or folders of them."),
    keyword: str = typer.Option("", "-k", metavar="EXPR", help="Only experiments whose name contains this."),
    tag: str = typer.Option("", "-m", metavar="TAG", help="Only experiments with this tag."),
    seed: int | None = typer.Option(None, help="Seed of load and shares."),
    clock: str | None = typer.Option(None, metavar="SPEC", help="Another compression, e.g. 120x or surge=60x."),
    no_faults: bool = typer.Option(False, "--no-faults", help="The same plan with every fault left out."),
    overrides: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="Override one key of the file."),
    allow_host: bool = typer.Option(
        False, "--allow-host-commands", envvar="REGIONFALL_ALLOW_HOST_COMMANDS", help=ALLOW_HOST
    ),
) -> None:
    """Check experiment files, resolve and print everything; touches nothing."""
    import cattrs

    from harness.cli.plan_text import plan_text
    from harness.cli.selection import Chosen, load_plans
    from harness.spec.feasibility import feasibility

    context = current()
    chosen = Chosen(tuple(paths), keyword, tag, seed, clock, no_faults, tuple(overrides), allow_host)
    plans = load_plans(chosen, context.workspace)
    estimates = [feasibility(one) for one in plans]

    def show() -> None:
        for one, estimate in zip(plans, estimates, strict=True):
            context.out.print(plan_text(one, estimate), markup=False, soft_wrap=True)

    answers = [
        {**cattrs.unstructure(one), "feasibility": cattrs.unstructure(estimate)}
        for one, estimate in zip(plans, estimates, strict=True)
    ]
    context.answer(answers[0] if len(answers) == 1 else answers, show)
