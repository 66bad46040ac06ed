"""Shared by run, demo and rerun: plans carried out one after the other, shown, and folded into one exit code."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from contextlib import suppress

from harness.cli.context import Context, current
from harness.cli.signals import orderly
from harness.journal.folder import shown
from harness.model.errors import Stopped
from harness.model.exit_codes import fold
from harness.model.plan import Plan
from harness.runner.rig import StopClock
from harness.wiring.rigging import RunOptions
from harness.wiring.session import RunResult, run_plan
from harness.wiring.workspace import Workspace


def carry_out(plans: Sequence[Plan], workspace: Workspace, *, keep: bool, fail_fast: bool, open_report: bool) -> int:
    """Run every plan; answers the folded exit code."""
    codes = []
    for plan in plans:
        result, stopped = carried_out(plan, workspace, keep=keep)
        codes.append(result.exit_code)
        if open_report:
            webbrowser.open((result.folder / "report.html").as_uri())
        if stopped or (fail_fast and result.exit_code != 0):
            break
    return fold(codes)


def carried_out(
    plan: Plan, workspace: Workspace, *, keep: bool = False, with_json: bool = True
) -> tuple[RunResult, bool]:
    """Run one plan and show it; whether a signal asked to stop. `with_json`: --json prints its verdict."""
    context, clock = current(), StopClock()
    with orderly(clock):
        listener = context.listener()
        try:
            result = run_plan(plan, workspace, listener, clock, RunOptions(keep=keep))
        finally:
            close = getattr(listener, "close", None)
            if close is not None:
                close()
        with suppress(OSError):  # a terminal that was closed; everything shown here is in the run folder
            show(context, result, with_json=with_json)
    return result, clock.stopped


def show(context: Context, result: RunResult, *, with_json: bool = True) -> None:
    """The end of one run: table, headline, where the report is; with --json the verdict on one line."""
    import json
    import sys

    from harness.journal.manifest import read_record
    from harness.report.terminal import verdict_table

    if context.globals.json and with_json:
        verdict = json.loads((result.folder / "verdict.json").read_text(encoding="utf-8"))
        sys.stdout.write(json.dumps(verdict) + "\n")
        sys.stdout.flush()
    if result.error is not None and not isinstance(result.error, Stopped):
        context.console.print(str(result.error), markup=False, soft_wrap=True)
    if not context.globals.json or not context.globals.quiet:
        verdict_table(result.verdict, read_record(result.folder), context.console, folder=shown(result.folder))
