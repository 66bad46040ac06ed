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
from harness.cli.selection import Chosen
from harness.cli.writing import unwritable

if TYPE_CHECKING:
    from harness.gate.decide import GateAnswer, Reference
    from harness.gate.interleaved import Interleaved
    from harness.gate.policy import Policy
    from harness.gate.run import Run

EXAMPLES = (
    "Examples: [bold]regionfall gate experiments/ --policy gate.yaml --junit gate.xml[/bold]  ·  "
    "[bold]regionfall gate job-*/.regionfall/runs/* --policy gate.yaml[/bold]  ·  "
    "[bold]regionfall gate experiments/ --policy gate.yaml --compare main.yaml change.yaml[/bold]"
)
MOST_ROUNDS = 20


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
    compare: tuple[Path, Path] | None = typer.Option(
        None, metavar="A B", envvar="REGIONFALL_COMPARE", help="Two Compose overlays, run in turns: is B worse than A?"
    ),
    rounds: int = typer.Option(
        2, min=1, max=MOST_ROUNDS, envvar="REGIONFALL_ROUNDS", help="How often each side has its turn under --compare."
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
    known: Reference | None = read_baseline(baseline) if baseline else None
    chosen = Chosen(tuple(path for path in paths if not _is_run(path)), tag=tag, allow_host_commands=allow_host)
    if compare is not None:
        _refuse_to_compare(paths, rules, baseline)
        known = _in_turns(chosen, compare, rounds)
        runs = list(known.after)
    else:
        runs = [*_merged(paths), *_carried_out(chosen, rules)]
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


def _refuse_to_compare(paths: list[Path], rules: Policy, baseline: Path | None) -> None:
    """What --compare cannot do; UsageError."""
    from harness.model.errors import UsageError

    if merged := [path for path in paths if _is_run(path)]:
        raise UsageError(f"--compare runs experiments in turns; {merged[0]} is a run that is over. Name experiments")
    if not rules.margins:
        raise UsageError("--compare needs to know how much worse is fine: margins: {p99: 20%} in the file of --policy")
    if baseline is not None:
        raise UsageError("--compare and --baseline are two things to compare with; use one of them")


def _in_turns(chosen: Chosen, sides: tuple[Path, Path], rounds: int) -> Interleaved:
    """Every experiment on both image sets, in turns; ends early when a signal asks to stop."""
    from harness.cli.experiments import carried_out
    from harness.cli.selection import load_plans
    from harness.gate.interleaved import Interleaved, turns
    from harness.gate.read import read_run

    context = current()
    spaces = {side: context.workspace.under(file.absolute()) for side, file in zip("AB", sides, strict=True)}
    plans = {side: load_plans(chosen, space) for side, space in spaces.items()}
    runs: dict[str, list[Run]] = {"A": [], "B": []}
    answer = Interleaved(runs["A"], runs["B"])
    for pair in zip(plans["A"], plans["B"], strict=True):
        for side in turns(rounds):
            context.say(f"side {side}: {sides['AB'.index(side)]}")
            result, stopped = carried_out(pair["AB".index(side)], spaces[side], with_json=False)
            runs[side].append(read_run(result.folder))
            if stopped:
                return answer
    return answer


def _carried_out(chosen: Chosen, rules: Policy) -> list[Run]:
    """Experiments run one after the other; again only where nothing was decided or the environment failed."""
    if not chosen.paths:
        return []
    from harness.cli.experiments import carried_out
    from harness.cli.selection import load_plans
    from harness.gate.read import read_run

    workspace, runs = current().workspace, []
    for plan in load_plans(chosen, workspace):
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
