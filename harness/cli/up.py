"""`regionfall up`: the stack with every dependency through a proxy, no faults."""

from __future__ import annotations

from pathlib import Path

import typer

from harness.cli.context import current

EXAMPLES = (
    "Examples: [bold]regionfall up[/bold]  ·  "
    "[bold]regionfall -f compose.yaml up[/bold]  ·  "
    "[bold]regionfall up checkout.chaos.yaml[/bold]"
)


def up(
    experiment: Path | None = typer.Argument(
        None, metavar="[EXPERIMENT]", help="Start the stack of this experiment file."
    ),
) -> None:
    """Start the stack with every dependency through a proxy; no faults."""
    from harness.wiring.standing import stand_up

    context = current()
    standing = stand_up(context.workspace, experiment, context.say)

    def show() -> None:
        context.out.print(f"{standing.project} is up.", markup=False)
        for name, url in standing.urls.items():
            context.out.print(f"  {name:24} {url}", markup=False)
        context.out.print("Take it down with: regionfall down", markup=False)

    context.answer({"project": standing.project, "urls": standing.urls, "notes": standing.notes}, show)
    for note in standing.notes:
        context.say(f"note: {note}")
