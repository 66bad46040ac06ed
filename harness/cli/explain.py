"""`regionfall explain [TOPIC]`: the reference, from the code itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from harness.cli.context import current
from harness.cli.exit_codes import EXIT_CODES
from harness.journal.layout import FILES
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.faults.contract import FaultType
    from harness.faults.spread.contract import Spread

TOPICS = ("faults", "metrics", "exit-codes", "labels", "files")
EXAMPLES = (
    "Examples: [bold]regionfall explain faults[/bold]  ·  "
    "[bold]regionfall explain faults slow[/bold]  ·  "
    "[bold]regionfall explain metrics --json[/bold]"
)


def explain(
    topic: str = typer.Argument("", metavar="[TOPIC]", help=", ".join(TOPICS)),
    name: str = typer.Argument("", metavar="[NAME]", help="One entry of the topic."),
) -> None:
    """Tell what faults, metrics, exit codes, labels and files there are."""
    context = current()
    if not topic:
        context.answer(
            list(TOPICS), lambda: context.out.print("regionfall explain " + " | ".join(TOPICS), markup=False)
        )
        return
    rows = _rows(topic)
    if name:
        rows = [row for row in rows if str(row["name"]) == name]
        if not rows:
            raise UsageError(f"nothing called {name!r} in {topic}; `regionfall explain {topic}` lists what there is")

    def show() -> None:
        for row in rows:
            _show(row, whole=bool(name))

    context.answer(rows, show)


def _rows(topic: str) -> list[dict[str, Any]]:
    from harness.spec.explain import labels, metrics

    if topic == "faults":
        return _faults()
    if topic == "metrics":
        return metrics()
    if topic == "labels":
        return labels()
    if topic == "exit-codes":
        return [{"name": str(code), "meaning": meaning} for code, meaning in EXIT_CODES.items()]
    if topic == "files":
        return [{"name": name, "meaning": meaning} for name, meaning in FILES.items()]
    inside = [one for one in TOPICS if topic in {str(row["name"]) for row in _rows(one)}]
    meant = f"; did you mean `regionfall explain {inside[0]} {topic}`?" if inside else ""
    raise UsageError(f"unknown topic {topic!r}; known: {', '.join(TOPICS)}{meant}")


def _faults() -> list[dict[str, Any]]:
    from harness.faults.catalogue import CATALOGUE, SPREADS
    from harness.spec.plugins import own_kinds

    return [*map(_fault, CATALOGUE.values()), *map(_fault, SPREADS), *map(_fault, own_kinds().values())]


def _fault(entry: FaultType | Spread) -> dict[str, Any]:
    from harness.faults.contract import parameter_rows

    row: dict[str, Any] = {"name": entry.kind, "symptom": entry.symptom, "driver": entry.driver}
    row["parameters"] = parameter_rows(entry)
    words = {"undo": entry.undo, "example": entry.example, "proof": entry.proof, "cannot": entry.cannot}
    return row | words


def _show(row: dict[str, Any], *, whole: bool) -> None:
    out = current().out
    head = row.get("symptom") or row.get("meaning") or ""
    out.print(f"{row['name']:18} {head}", markup=False, soft_wrap=True)
    if not whole:
        return
    for key, value in row.items():
        if key in ("name", "symptom", "meaning"):
            continue
        lines = [_setting(p) for p in value] if key == "parameters" else [value]
        for line in lines:
            out.print(f"  {key:12} {line}", markup=False, soft_wrap=True)


def _setting(row: dict[str, Any]) -> str:
    default = f", default {row['default']}" if row["default"] else ""
    bounds = f", {row['bounds']}" if row["bounds"] else ""
    return f"{row['name']}: {row['meaning']} ({row['unit']}{bounds}{default})"
