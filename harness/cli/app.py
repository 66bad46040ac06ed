"""All commands, in the order of `--help`; each lives in a file of its own name."""

from __future__ import annotations

import typer

from harness.cli import (
    break_,
    demo,
    doctor_command,
    down,
    edges,
    explain,
    fault,
    gate,
    halt,
    heal,
    init,
    lever,
    plan,
    report,
    rerun,
    run,
    runs,
    schema,
    status,
    up,
)
from harness.cli.next_steps import next_steps
from harness.cli.options import EPILOG

MORE = "More"

app = typer.Typer(
    name="regionfall",
    help="Take a region away from a Docker Compose stack, for a while, and measure what that does to every service.",
    epilog=EPILOG,
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def start(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    """Take a region away from a Docker Compose stack, for a while, and measure what that does to every service."""
    if version:
        from importlib.metadata import version as version_of

        print(f"regionfall {version_of('regionfall')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        next_steps()


app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
app.command("init", epilog=init.EXAMPLES)(init.init)
app.command("break", epilog=break_.EXAMPLES)(break_.break_)
app.command("run", epilog=run.EXAMPLES)(run.run)
app.command("gate", epilog=gate.EXAMPLES)(gate.gate)
app.command("heal", epilog=heal.EXAMPLES)(heal.heal)
app.command("up", epilog=up.EXAMPLES, rich_help_panel=MORE)(up.up)
app.command("down", epilog=down.EXAMPLES, rich_help_panel=MORE)(down.down)
app.command("status", epilog=status.EXAMPLES, rich_help_panel=MORE)(status.status)
app.command("plan", epilog=plan.EXAMPLES, rich_help_panel=MORE)(plan.plan)
app.command("edges", epilog=edges.EXAMPLES, rich_help_panel=MORE)(edges.edges)
app.command("report", epilog=report.EXAMPLES, rich_help_panel=MORE)(report.report)
app.command("rerun", epilog=rerun.EXAMPLES, rich_help_panel=MORE)(rerun.rerun)
app.add_typer(runs.app, name="runs", rich_help_panel=MORE)
app.add_typer(fault.app, name="fault", rich_help_panel=MORE)
app.command("halt", epilog=halt.EXAMPLES, rich_help_panel=MORE)(halt.halt)
app.add_typer(lever.app, name="lever", rich_help_panel=MORE)
app.command("doctor", epilog=doctor_command.EXAMPLES, rich_help_panel=MORE)(doctor_command.doctor)
app.command("explain", epilog=explain.EXAMPLES, rich_help_panel=MORE)(explain.explain)
app.command("schema", epilog=schema.EXAMPLES, rich_help_panel=MORE)(schema.schema)
