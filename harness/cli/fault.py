"""`regionfall fault`: break something by hand on a stack that is up, for a while."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from harness.cli.context import current

if TYPE_CHECKING:
    from harness.model.finding import InjectionResult
    from harness.model.plan import Plan

app = typer.Typer(
    help="Break something by hand on a stack that is up; it ends by itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
EXAMPLES = (
    'Examples: [bold]regionfall fault add "orders->db" slow 300ms[/bold]  ·  '
    "[bold]regionfall fault add us-east-1 blackout --for 20s[/bold]  ·  "
    "[bold]regionfall fault ls[/bold]  ·  [bold]regionfall fault rm hand-4f2a[/bold]"
)


@app.command("add", epilog=EXAMPLES)
def add(
    target: str = typer.Argument(..., metavar="TARGET", help='What: a region, a service, "caller->callee", …'),
    how: list[str] = typer.Argument(None, metavar="[HOW…]", help="How: slow 300ms, hang, refuse, … Default: blackout."),
    for_: str = typer.Option(
        "60s", "--for", metavar="TIME", envvar="REGIONFALL_FOR", help="When it ends by itself; at most 1h."
    ),
    share: str = typer.Option(
        "", "--share", metavar="SHARE", envvar="REGIONFALL_SHARE", help="Only this share of new connections, e.g. 35%."
    ),
) -> None:
    """Add a fault to a stack that is up, and print what its proxies measured before and during.

    The same bounds hold as in a run: protected services and limits. It outlives this command, and ends at its time,
    with `fault rm`, with `heal`, or at once when the process that holds it dies. A run that is live meanwhile decides
    nothing (inconclusive).
    """
    from harness.spec.quick import Quick
    from harness.wiring.hand.adding import add as add_fault
    from harness.wiring.hand.adding import measured

    context = current()
    home = context.workspace.home
    folder = add_fault(home, context.globals.project_name, Quick(target, tuple(how or ()), for_, share=share))
    plan = _plan(folder)
    context.say(f"{folder.name} holds; measuring")
    result = measured(folder)
    context.answer(_answer(folder, plan, result), lambda: _show(folder, plan, result))


@app.command("ls", epilog=EXAMPLES)
def ls() -> None:
    """Every fault that holds now, of runs and by hand, as the proxies answer."""
    from harness.wiring.hand.place import live_hands
    from harness.wiring.standing import status_now

    context = current()
    hands = set(live_hands(context.workspace.home))
    rows = [{**row, "by_hand": row["id"] in hands} for row in status_now(context.workspace.home)["injections"]]

    def show() -> None:
        for row in rows:
            whose = "by hand" if row["by_hand"] else f"run {row['run']}"
            text = f"{row['id']:12} {row['state']}, {row['left_s']:.0f} s left  {row['target']}  ({whose})"
            context.out.print(text, markup=False, soft_wrap=True)
        if not rows:
            context.out.print("No fault holds.", markup=False)

    context.answer(rows, show)


@app.command("rm", epilog=EXAMPLES)
def rm(ids: list[str] = typer.Argument(..., metavar="ID…", help="As `fault ls` names them.")) -> None:
    """End faults that were added by hand, and see that they are gone."""
    from harness.wiring.hand.adding import remove

    context = current()
    for id_ in ids:
        remove(context.workspace.home, id_)
    context.answer(
        {"removed": ids}, lambda: context.out.print("\n".join(f"✓ lifted {id_}" for id_ in ids), markup=False)
    )


def _plan(folder: Path) -> Plan:
    from harness.journal.manifest import read_manifest

    return read_manifest(folder).plan


def _answer(folder: Path, plan: Plan, result: InjectionResult) -> dict[str, Any]:
    from harness.wiring.hand.adding import when_over

    one = plan.injections[0]
    body = {key: value for key, value in asdict(result).items() if key in ("id", "fault", "target", "edges", "state")}
    until = when_over(folder, one)
    return {**body, "for_s": one.end_s, "until": until.isoformat(), "effect": asdict(result.effect)}


def _show(folder: Path, plan: Plan, result: InjectionResult) -> None:
    from harness.report.measured import before_words, during_words, measure_words
    from harness.report.words import fault_words
    from harness.wiring.hand.adding import when_over

    out, one, effect = current().out, plan.injections[0], result.effect
    until = when_over(folder, one).astimezone()
    edges = f"{len(one.edges)} connection{'s' * (len(one.edges) != 1)}"
    out.print(
        f"{one.id} holds until {until:%H:%M:%S}: {fault_words(one.fault)} on {one.target} ({edges})", markup=False
    )
    if effect.measure:
        words = f"{measure_words(effect.measure)}: before {before_words(effect)}, during {during_words(effect)}"
        out.print(f"  measured  {words}", markup=False, soft_wrap=True)
    proved = "✓ it bites" if effect.proved else f"? not proved: {effect.reason or 'no traffic'}"
    out.print(f"  proof     {proved}", markup=False, soft_wrap=True)
    out.print(f"  end it    regionfall fault rm {one.id}", markup=False, soft_wrap=True)
