"""`regionfall gate RUN…|PATH…`: one answer for a pipeline, out of experiments run here or elsewhere."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from harness.cli.context import Context, current
from harness.cli.options import ALLOW_HOST
from harness.cli.writing import unwritable

if TYPE_CHECKING:
    from harness.gate.decide import GateAnswer, Run
    from harness.gate.policy import Policy

EXAMPLES = (
    "Examples: [bold]regionfall gate experiments/ --policy gate.yaml --junit gate.xml[/bold]  ·  "
    "[bold]regionfall gate job-*/.regionfall/runs/* --policy gate.yaml[/bold]"
)


def gate(
    paths: list[Path] = typer.Argument(..., metavar="RUN…|PATH…", help="Run folders to merge, or experiments to run."),
    policy: Path | None = typer.Option(None, metavar="FILE", envvar="REGIONFALL_POLICY", help="What fails the gate."),
    tag: str = typer.Option("", "-m", metavar="TAG", envvar="REGIONFALL_M", help="Only experiments with this tag."),
    junit: Path | None = typer.Option(None, metavar="FILE", envvar="REGIONFALL_JUNIT", help="Write JUnit XML."),
    markdown: Path | None = typer.Option(
        None, metavar="FILE", envvar="REGIONFALL_MARKDOWN", help="Write Markdown for a comment."
    ),
    metrics: Path | None = typer.Option(
        None, metavar="FILE", envvar="REGIONFALL_METRICS", help="Write GitLab's metrics report."
    ),
    baseline: Path | None = typer.Option(
        None, metavar="FILE", envvar="REGIONFALL_BASELINE", help="Compare with what was measured before."
    ),
    save_baseline: Path | None = typer.Option(
        None, metavar="FILE", envvar="REGIONFALL_SAVE_BASELINE", help="Keep what passed as the baseline of later runs."
    ),
    allow_host: bool = typer.Option(
        False, "--allow-host-commands", envvar="REGIONFALL_ALLOW_HOST_COMMANDS", help=ALLOW_HOST
    ),
) -> None:
    """Run experiments, or merge the runs of several jobs, and say in one word whether a change may go on."""
    from harness.gate.baseline import read_baseline
    from harness.gate.decide import decide
    from harness.gate.policy import Policy, read_policy

    context = current()
    rules = read_policy(policy) if policy else Policy()
    known = read_baseline(baseline) if baseline else None
    runs = [*_merged(paths), *_carried_out([p for p in paths if not _is_run(p)], rules, tag, allow_host)]
    answer = decide(runs, rules, datetime.now(UTC).date(), known)
    _tell_files(answer, ((junit, "junit"), (markdown, "markdown"), (metrics, "metrics")))
    if save_baseline:
        kept = read_baseline(save_baseline)
        kept.learn(run.verdict for run in runs)
        with unwritable("--save-baseline", save_baseline):
            kept.write(save_baseline)
    _tell_github(answer)
    _show(context, answer)
    raise typer.Exit(answer.exit)


def _is_run(path: Path) -> bool:
    from harness.journal.layout import VERDICT

    return (path / VERDICT).is_file()


def _merged(paths: list[Path]) -> list[Run]:
    """Run folders, judged when they were made; UsageError for one that cannot be read."""
    from harness.gate.read import read_run

    return [read_run(path) for path in paths if _is_run(path)]


def _carried_out(paths: list[Path], rules: Policy, tag: str, allow_host: bool) -> list[Run]:
    """Experiments run one after the other; again only where nothing was decided or the environment failed."""
    if not paths:
        return []
    from harness.cli.experiments import carried_out
    from harness.cli.selection import Chosen, load_plans
    from harness.gate.read import read_run

    workspace, runs = current().workspace, []
    plans = load_plans(Chosen(tuple(paths), tag=tag, allow_host_commands=allow_host), workspace)
    for plan in plans:
        for _ in range(rules.retries + 1):
            result, stopped = carried_out(plan, workspace, with_json=False)
            runs.append(read_run(result.folder))
            if stopped:
                return runs
            if result.exit_code not in (3, 4):
                break
    return runs


def _tell_files(answer: GateAnswer, wanted: tuple[tuple[Path | None, str], ...]) -> None:
    from harness.gate import outputs

    for path, kind in wanted:
        if path is not None:
            with unwritable(f"--{kind}", path):
                path.write_text(getattr(outputs, kind)(answer), encoding="utf-8")


def _tell_github(answer: GateAnswer) -> None:
    """Summary, step outputs and annotations, where GitHub's runner asks for them; stdout stays the answer's."""
    from harness.gate import outputs

    told = (
        ("GITHUB_STEP_SUMMARY", outputs.markdown(answer, outputs.MOST_SUMMARY)),
        ("GITHUB_OUTPUT", outputs.step_outputs(answer)),
    )
    for variable, text in told:
        if name := os.environ.get(variable):
            with unwritable(variable, Path(name)), Path(name).open("a", encoding="utf-8") as file:
                file.write(text)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        sys.stderr.write("".join(f"{line}\n" for line in outputs.annotated(answer)))


def _show(context: Context, answer: GateAnswer) -> None:
    def lines() -> None:
        for one in answer.experiments:
            why = f"  ({one.why})" if one.why else ""
            context.out.print(f"{one.experiment:40} exit {one.code}{why}", markup=False)
        for reason in answer.reasons:
            context.out.print(f"  {reason}", markup=False, soft_wrap=True)
        for notice in answer.notices:
            context.out.print(f"  note: {notice}", markup=False, soft_wrap=True)
        context.out.print(json.dumps(answer.verdict).strip('"').upper(), markup=False)

    context.answer(answer.to_json(), lines)
