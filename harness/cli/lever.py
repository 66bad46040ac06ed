"""`regionfall lever`: while it is engaged, nothing is broken in this folder."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from harness.cli.context import current

if TYPE_CHECKING:
    from harness.journal.lever import Lever

EXAMPLES = (
    "Examples: [bold]regionfall lever[/bold]  ·  "
    '[bold]regionfall lever engage "release night"[/bold]  ·  '
    "[bold]regionfall lever release[/bold]"
)
app = typer.Typer(
    help="Show, engage or release the lever: while it is engaged every run here is refused (exit 4).",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    epilog=EXAMPLES,
)


@app.callback()
def show(invoked: typer.Context) -> None:
    """Show whether runs are allowed here. Engage it to refuse every run (exit 4), release it to allow them again."""
    if invoked.invoked_subcommand is None:
        from harness.journal.lever import engaged

        _tell(engaged(current().workspace.home))


@app.command("engage", epilog=EXAMPLES)
def engage_lever(
    reason: list[str] = typer.Argument(..., metavar="REASON", help="Why; shown to who tries to run."),
) -> None:
    """Refuse every run in this folder. Runs that are under way end; `regionfall halt` also waits for them."""
    from harness.journal.lever import engage

    _tell(engage(current().workspace.home, " ".join(reason), datetime.now(UTC)))


@app.command("release", epilog=EXAMPLES)
def release_lever() -> None:
    """Allow runs again; safe to repeat."""
    from harness.journal.lever import release

    release(current().workspace.home)
    _tell(None)


def _tell(lever: Lever | None) -> None:
    context = current()
    body = {"engaged": lever is not None, **(asdict(lever) if lever else {"reason": "", "since": "", "who": ""})}

    def show_it() -> None:
        words = lever.words if lever else "The lever is released: runs are allowed here."
        context.out.print(words[:1].upper() + words[1:], markup=False, soft_wrap=True)

    context.answer(body, show_it)
