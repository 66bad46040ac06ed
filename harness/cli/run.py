"""`regionfall run PATH…`: run experiment files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import typer

from harness.cli.context import current
from harness.cli.experiments import carry_out
from harness.model.errors import InvalidFile, NothingSelected, Problem, UsageError
from harness.model.plan import Plan
from harness.spec.load import load_experiment
from harness.wiring.workspace import Workspace

SUFFIX = ".chaos.yaml"
EXAMPLES = (
    "Examples: [bold]regionfall run experiments/[/bold]  ·  "
    "[bold]regionfall run checkout.chaos.yaml --no-faults[/bold]  ·  "
    "[bold]regionfall run checkout.chaos.yaml --set load.rate=60/s --keep[/bold]"
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """How files become plans; the same for `run` and `plan`."""

    paths: tuple[Path, ...]
    keyword: str = ""
    tag: str = ""
    seed: int | None = None
    clock: str | None = None
    no_faults: bool = False
    overrides: tuple[str, ...] = ()


def experiment_files(paths: tuple[Path, ...]) -> list[Path]:
    """Files named directly, and every `*.chaos.yaml` below folders. UsageError for a path that does not exist."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.rglob("*" + SUFFIX))
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder; experiments end in {SUFFIX}")
    return found


def load_plans(chosen: Chosen, workspace: Workspace) -> list[Plan]:
    """All plans of the selection. All problems of all files at once; NothingSelected when none is left."""
    problems: list[Problem] = []
    plans: list[Plan] = []
    for path in experiment_files(chosen.paths):
        try:
            plan = load_experiment(
                path,
                read_stack=workspace.read_stack,
                overrides=chosen.overrides,
                seed=chosen.seed,
                clock=chosen.clock,
                without_faults=chosen.no_faults,
            )
        except InvalidFile as error:
            problems += error.problems
            continue
        if _selected(plan, chosen):
            plans.append(plan)
    if problems:
        raise InvalidFile(problems)
    if not plans:
        raise NothingSelected(f"nothing selected: no experiment under {', '.join(map(str, chosen.paths))} matches")
    _unique(plans)
    return plans


def _selected(plan: Plan, chosen: Chosen) -> bool:
    if chosen.tag and chosen.tag not in plan.tags:
        return False
    return not chosen.keyword or re.search(re.escape(chosen.keyword), plan.name, re.IGNORECASE) is not None


def _unique(plans: list[Plan]) -> None:
    seen: dict[str, str] = {}
    for plan in plans:
        if seen.setdefault(plan.name, plan.file) != plan.file:
            raise InvalidFile([Problem(plan.file, 1, 1, f"name {plan.name!r} is also used by {seen[plan.name]}; rename one")])


def run(
    paths: list[Path] = typer.Argument(..., metavar="PATH…", help="Experiment files, or folders of them."),
    keyword: str = typer.Option("", "-k", metavar="EXPR", envvar="REGIONFALL_K", help="Only experiments whose name contains this."),
    tag: str = typer.Option("", "-m", metavar="TAG", envvar="REGIONFALL_M", help="Only experiments with this tag."),
    repeat: int = typer.Option(1, min=1, max=100, envvar="REGIONFALL_REPEAT", help="Run each this often."),
    seed: int | None = typer.Option(None, envvar="REGIONFALL_SEED", help="Seed of load and shares."),
    fail_fast: bool = typer.Option(False, "--fail-fast", envvar="REGIONFALL_FAIL_FAST", help="End at the first run that did not pass."),
    clock: str | None = typer.Option(None, metavar="SPEC", envvar="REGIONFALL_CLOCK", help="Another compression, e.g. 120x or surge=60x."),
    no_faults: bool = typer.Option(False, "--no-faults", envvar="REGIONFALL_NO_FAULTS", help="The same run with every fault left out."),
    overrides: list[str] = typer.Option([], "--set", metavar="KEY=VALUE", help="Override one key of the file."),
    keep: bool = typer.Option(False, "--keep", envvar="REGIONFALL_KEEP", help="Leave the stack up afterwards."),
    open_report: bool = typer.Option(False, "--open", envvar="REGIONFALL_OPEN", help="Open the report in a browser."),
) -> None:
    """Run experiment files and say who survived."""
    workspace = current().workspace
    chosen = Chosen(tuple(paths), keyword, tag, seed, clock, no_faults, tuple(overrides))
    plans = [plan for plan in load_plans(chosen, workspace) for _ in range(repeat)]
    raise typer.Exit(carry_out(plans, workspace, keep=keep, fail_fast=fail_fast, open_report=open_report))
