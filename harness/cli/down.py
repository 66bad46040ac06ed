"""`regionfall down`: everything that was started from this folder."""

from __future__ import annotations

import typer

from harness.cli.context import current
from harness.model.errors import CleanupUnverified

EXAMPLES = "Examples: [bold]regionfall down[/bold]"


def down() -> None:
    """Take away everything that was started from this folder; safe to repeat."""
    from harness.cluster.cluster import down_all

    context = current()
    left = down_all(context.workspace.home)

    def show() -> None:
        context.out.print(
            "Nothing of ours is left here." if not left else f"Still there: {', '.join(left)}", markup=False
        )

    context.answer({"left": left}, show)
    if left:
        raise CleanupUnverified(f"still there: {', '.join(left)}; run `regionfall down` again")
    raise typer.Exit(0)
