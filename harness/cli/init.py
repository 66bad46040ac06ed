"""`regionfall init --ci github|gitlab|make`: a pipeline that gates on experiments."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files

import typer

from harness.cli.context import current
from harness.cli.writing import unwritable, written

EXAMPLES = "Examples: [bold]regionfall init --ci github[/bold]  ·  [bold]regionfall init --ci make[/bold]"


class Pipeline(StrEnum):
    """Whose pipeline."""

    GITHUB = "github"
    GITLAB = "gitlab"
    MAKE = "make"


PLACES = {
    Pipeline.GITHUB: ("github.yml", ".github/workflows/resilience.yml"),
    Pipeline.GITLAB: ("gitlab-ci.yml", ".gitlab-ci.yml"),
    Pipeline.MAKE: ("Makefile", "resilience.mk"),
}


def init(
    ci: Pipeline = typer.Option(
        ..., "--ci", envvar="REGIONFALL_CI", help="Write a pipeline for github, gitlab or make."
    ),
) -> None:
    """Write a pipeline that runs the experiments of this folder and gates on them."""
    context = current()
    name, place = PLACES[ci]
    path = context.directory / place
    with unwritable("init --ci", path):
        path.parent.mkdir(parents=True, exist_ok=True)
    written(path, (files("harness.gate") / "pipelines" / name).read_text(encoding="utf-8"), option="init --ci")
    context.answer({"written": place}, lambda: context.out.print(f"written: {place}", markup=False))
    context.say("next: put experiments in experiments/ and a policy in gate.yaml (docs/gate.md)")
