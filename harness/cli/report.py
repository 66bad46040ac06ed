"""`regionfall report RUN`: where a run's report is; with --judge the run is judged again from its folder."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.context import current
from harness.journal.folder import find_run, shown
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.cli.context import Context
    from harness.model.finding import Verdict

VERDICT = "verdict.json"
FORMATS = {
    "html": "report.html",
    "md": "summary.md",
    "junit": "junit.xml",
    "openmetrics": "metrics.txt",
    "json": VERDICT,
}
EXAMPLES = (
    "Examples: [bold]regionfall report latest[/bold]  ·  "
    "[bold]regionfall report 4f2a --judge[/bold]  ·  "
    "[bold]regionfall report latest --format md[/bold]"
)


def report(
    name: str = typer.Argument("latest", metavar="RUN", help="A run: path, name, unique part of a name, or latest."),
    judge: bool = typer.Option(
        False, "--judge", help="Judge again from the folder, write the reports anew; needs no Docker."
    ),
    format_: str = typer.Option("", "--format", help="Print one report on stdout: html, md, junit, openmetrics, json."),
    open_report: bool = typer.Option(False, "--open", help="Open the report in a browser."),
) -> None:
    """Name, print or make anew the report of a run; with --judge the exit code is the run's."""
    context = current()
    folder = find_run(context.workspace.home, name)
    if format_ and format_ not in FORMATS:
        raise UsageError(f"unknown format {format_!r}; known: {', '.join(FORMATS)}")
    verdict = _judged(folder) if judge or not (folder / VERDICT).exists() else None
    if format_:
        typer.echo((folder / FORMATS[format_]).read_text(encoding="utf-8"), nl=False)
    else:
        body = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
        context.answer(body, lambda: context.out.print(shown(folder / "report.html"), markup=False, soft_wrap=True))
    if verdict is not None and not format_:
        _table(context, verdict, folder)
    if open_report:
        webbrowser.open((folder / "report.html").as_uri())
    raise typer.Exit(verdict.exit_code if judge and verdict is not None else 0)


def _judged(folder: Path) -> Verdict:
    from harness.wiring.judgement import judge_folder

    return judge_folder(folder)


def _table(context: Context, verdict: Verdict, folder: Path) -> None:
    from harness.journal.manifest import read_record
    from harness.report.terminal import verdict_table

    verdict_table(verdict, read_record(folder), context.console, folder=shown(folder))
