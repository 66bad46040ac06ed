"""The files of a finished run for people and for machines: report.html, summary.md, junit.xml, metrics.txt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.model.finding import Verdict
from harness.model.record import Record
from harness.report.facts import build_facts
from harness.report.html.page import render_page
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.openmetrics import render_metrics


def write_report(
    folder: Path, record: Record, verdict: Verdict, *, logs: Mapping[str, Path] | None = None, rerun: str = ""
) -> Path:
    """Write every report of a run into `folder` and return the path of report.html.

    `logs` maps services to kept log files; the page links to them relative to `folder`. `rerun` is the command that
    repeats the run, by default `regionfall rerun RUN`. Files appear whole or not at all; an older one is replaced.
    """
    facts = build_facts(record, verdict)
    page = folder / "report.html"
    _replace(page, render_page(facts, folder, logs or {}, rerun))
    _replace(folder / "summary.md", render_markdown(facts, rerun))
    _replace(folder / "junit.xml", render_junit(facts))
    _replace(folder / "metrics.txt", render_metrics(facts))
    return page


def _replace(path: Path, text: str) -> None:
    """Through a neighbour, so that a reader never sees half a file."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
