"""Which experiment files a command works on, and how they become plans; the same for `run`, `plan` and `demo`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import InvalidFile, NothingSelected, Problem, UsageError
from harness.model.plan import Plan

if TYPE_CHECKING:
    from harness.wiring.workspace import Workspace

SUFFIX = ".chaos.yaml"


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
    allow_host_commands: bool = False


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
    from harness.spec.load import load_experiment

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
                allow_host_commands=chosen.allow_host_commands,
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
            raise InvalidFile(
                [Problem(plan.file, 1, 1, f"name {plan.name!r} is also used by {seen[plan.name]}; rename one")]
            )
