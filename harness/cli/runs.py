"""`regionfall runs`: what is kept under .regionfall/runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import typer

from harness.cli.context import current
from harness.journal.folder import find_run, run_folders

app = typer.Typer(help="List, show and remove runs.", no_args_is_help=True, pretty_exceptions_enable=False)
EXAMPLES = "Examples: [bold]regionfall runs ls[/bold]  ·  [bold]regionfall runs prune --keep 10[/bold]"


def summary(folder: Path) -> dict[str, Any]:
    """What verdict.json says in a line; a run without one is `unfinished`."""
    try:
        body = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"run": folder.name, "experiment": "", "status": "unfinished", "verdict": None, "cleanup": ""}
    return {key: body.get(key) for key in ("run", "experiment", "status", "verdict", "cleanup")}


@app.command("ls", epilog=EXAMPLES)
def ls() -> None:
    """All runs of this folder, newest first."""
    context = current()
    rows = [summary(folder) for folder in reversed(run_folders(context.workspace.home))]

    def show() -> None:
        for row in rows:
            context.out.print(f"{row['verdict'] or row['status']:14} {row['run']}", markup=False, soft_wrap=True)
        if not rows:
            context.out.print("No run yet.", markup=False)

    context.answer(rows, show)


@app.command("show", epilog=EXAMPLES)
def show_run(name: str = typer.Argument("latest", metavar="RUN")) -> None:
    """One run's verdict."""
    context = current()
    folder = find_run(context.workspace.home, name)
    row = summary(folder)
    context.answer(
        row, lambda: context.out.print("\n".join(f"{key:11} {value}" for key, value in row.items()), markup=False)
    )


@app.command("rm", epilog=EXAMPLES)
def rm(names: list[str] = typer.Argument(..., metavar="RUN…")) -> None:
    """Remove runs."""
    context = current()
    folders = [find_run(context.workspace.home, name) for name in names]
    _remove(folders)
    context.answer({"removed": [folder.name for folder in folders]}, lambda: None)


@app.command("prune", epilog=EXAMPLES)
def prune(keep: int = typer.Option(20, min=0, help="How many of the newest stay.")) -> None:
    """Remove all but the newest runs."""
    context = current()
    folders = run_folders(context.workspace.home)
    removed = folders[: max(0, len(folders) - keep)]
    _remove(removed)
    context.answer(
        {"removed": [f.name for f in removed]}, lambda: context.out.print(f"removed {len(removed)}", markup=False)
    )


def _remove(folders: list[Path]) -> None:
    from harness.wiring.standing import live_runs

    alive = set(live_runs(current().workspace.home))
    for folder in folders:
        if folder.name in alive:
            current().say(f"{folder.name} is still running; kept")
            continue
        shutil.rmtree(folder)
