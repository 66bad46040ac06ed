"""`regionfall heal`: undo every fault, always safe."""

from __future__ import annotations

import typer

from harness.cli.context import current
from harness.model.errors import CleanupUnverified

EXAMPLES = "Examples: [bold]regionfall heal[/bold]  ·  [bold]regionfall heal --all[/bold]"


def heal(
    run: str = typer.Argument("", metavar="[RUN]", help="Only the faults of this run."),
    everywhere: bool = typer.Option(False, "--all", help="Every stack of this machine, not only this folder's."),
) -> None:
    """Undo every fault; on a live run it lifts all faults for the rest of it, load and measuring go on."""
    from harness.wiring.healing import heal_now

    context = current()
    done = heal_now(None if everywhere else context.workspace.home, run)

    def show() -> None:
        if not done.healed and not done.left:
            context.out.print("No fault holds.", markup=False)
        for name in done.healed:
            context.out.print(f"✓ lifted {name}", markup=False)
        for row in done.rungs:
            sign, why = ("✓", "") if row["clean"] else ("✗", f": {row.get('reason', '')}")
            context.out.print(f"{sign} {row['place']}: {row['rung']}, {row['seconds']:.1f} s{why}", markup=False)

    context.answer(done.to_json(), show)
    if done.left:
        by_hand = "".join(f"\n  finish by hand: {line}" for line in done.stuck)
        raise CleanupUnverified(
            f"could not be verified: {', '.join(done.left)}; `regionfall down` takes the whole stack away{by_hand}"
        )
    raise typer.Exit(0)
