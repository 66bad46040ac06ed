"""`regionfall halt [REASON]`: stop everything of this folder, and keep it stopped."""

from __future__ import annotations

from dataclasses import asdict

import typer

from harness.cli.context import current
from harness.model.errors import CleanupUnverified, ClusterError

EXAMPLES = 'Examples: [bold]regionfall halt[/bold]  ·  [bold]regionfall halt "a real incident"[/bold]'
NO_REASON = "halted by hand"


def halt(
    reason: list[str] = typer.Argument(None, metavar="[REASON]", help="Why; shown to everybody who tries to run."),
) -> None:
    """Stop every live run of this folder, lift all faults, and refuse new runs until `lever release`."""
    import time

    from harness.wiring.halt import halt_now

    context = current()
    done = halt_now(context.workspace.home, " ".join(reason or ()) or NO_REASON, time.sleep)

    def show() -> None:
        for name in done.healed:
            context.out.print(f"✓ lifted {name}", markup=False)
        for run in done.runs:
            word = "■ stopped" if run not in done.alive else "! still ending:"
            context.out.print(f"{word} {run}", markup=False)
        context.out.print(f"No run starts here any more: {done.lever.reason}", markup=False, soft_wrap=True)
        context.out.print("Release it with: regionfall lever release", markup=False)

    context.answer(asdict(done), show)
    if done.left:
        raise CleanupUnverified(
            f"could not be verified: {', '.join(done.left)}; `regionfall heal`, then `regionfall down`"
        )
    if done.alive:
        raise ClusterError(f"did not end in time: {', '.join(done.alive)}; its faults are lifted, stop its process")
    raise typer.Exit(0)
