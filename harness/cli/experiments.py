"""Shared by run, demo and rerun: plans carried out one after the other, shown, and folded into one exit code."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from contextlib import suppress

from harness.cli.context import Context, current
from harness.cli.signals import orderly
from harness.journal.folder import shown
from harness.model.errors import Stopped
from harness.model.plan import Plan
from harness.runner.rig import StopClock
from harness.wiring.rigging import RunOptions
from harness.wiring.session import RunResult, run_plan
from harness.wiring.workspace import Workspace

PRECEDENCE = (7, 70, 130, 143, 5, 1, 4, 3, 0)
"""Across runs the first of these that occurs is the command's code."""


def fold(codes: Sequence[int]) -> int:
    """One code for several runs."""
    return next((code for code in PRECEDENCE if code in codes), max(codes, default=0))


def carry_out(plans: Sequence[Plan], workspace: Workspace, *, keep: bool, fail_fast: bool, open_report: bool) -> int:
    """Run every plan; answers the folded exit code."""
    context, codes = current(), []
    clock = StopClock()
    with orderly(clock):
        for plan in plans:
            listener = context.listener()
            try:
                result = run_plan(plan, workspace, listener, clock, RunOptions(keep=keep))
            finally:
                close = getattr(listener, "close", None)
                if close is not None:
                    close()
            codes.append(result.exit_code)
            with suppress(OSError):  # a terminal that was closed; everything shown here is in the run folder
                show(context, result)
            if open_report:
                webbrowser.open((result.folder / "report.html").as_uri())
            if clock.stopped or (fail_fast and result.exit_code != 0):
                break
    return fold(codes)


def show(context: Context, result: RunResult) -> None:
    """The end of one run: table, headline, where the report is; with --json the verdict on one line."""
    import json
    import sys

    from harness.journal.manifest import read_record
    from harness.report.terminal import verdict_table

    if context.globals.json:
        verdict = json.loads((result.folder / "verdict.json").read_text(encoding="utf-8"))
        sys.stdout.write(json.dumps(verdict) + "\n")
        sys.stdout.flush()
    if result.error is not None and not isinstance(result.error, Stopped):
        context.console.print(str(result.error), markup=False, soft_wrap=True)
    if not context.globals.json or not context.globals.quiet:
        verdict_table(result.verdict, read_record(result.folder), context.console, folder=shown(result.folder))
