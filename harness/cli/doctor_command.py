"""`regionfall doctor`: what this machine lacks, each with its fix."""

from __future__ import annotations

import typer

from harness.cli.context import current

EXAMPLES = "Examples: [bold]regionfall doctor[/bold]  ·  [bold]regionfall doctor --json[/bold]"


def doctor() -> None:
    """Check the engine, Compose, disk, images and leftovers; says how to mend what is missing (exit 4)."""
    import cattrs

    from harness.cli.doctor import examine

    context = current()
    checks = examine()

    def show() -> None:
        for check in checks:
            context.out.print(
                f"{'✓' if check.ok else '✗'} {check.name:14} {check.detail}", markup=False, soft_wrap=True
            )
            if not check.ok:
                context.out.print(f"    {check.fix}", markup=False, soft_wrap=True)

    context.answer([cattrs.unstructure(check) for check in checks], show)
    raise typer.Exit(0 if all(check.ok for check in checks) else 4)
