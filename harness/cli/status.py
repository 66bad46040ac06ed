"""`regionfall status`: what holds now, as proxies and flagged services answer, never as a journal says."""

from __future__ import annotations

from harness.cli.context import current

EXAMPLES = "Examples: [bold]regionfall status[/bold]  ·  [bold]regionfall status --json[/bold]"


def status() -> None:
    """Live runs, and every fault that holds now with the time it has left."""
    from harness.journal.lever import engaged
    from harness.wiring.standing import status_now

    context = current()
    now = status_now(context.workspace.home)
    lever = engaged(context.workspace.home)

    def show() -> None:
        if lever:
            context.out.print(f"{lever.words} (`regionfall lever release`)", markup=False, soft_wrap=True)
        if not now["runs"] and not now["injections"]:
            context.out.print("Nothing runs here, and no fault holds.", markup=False)
        for run in now["runs"]:
            context.out.print(f"{'▶ running' if run['alive'] else '■ up'}  {run['run']}", markup=False)
        for row in now["injections"]:
            context.out.print(
                f"  fault {row['id']} on {row['target']}: {row['state']}, {row['left_s']:.0f} s left ({row['run']})",
                markup=False,
            )

    context.answer(now, show)
