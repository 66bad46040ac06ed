"""`regionfall edges`: who depends on whom, and across which distance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from harness.cli.context import current
from harness.model.units import bytes_text, duration_text

EXAMPLES = "Examples: [bold]regionfall edges[/bold]  ·  [bold]regionfall edges --observe[/bold] on a stack that is up"


def edges(
    observe: bool = typer.Option(
        False, "--observe", help="Also the traffic of the next seconds, on a stack that is up."
    ),
    seconds: int = typer.Option(5, min=2, max=60, help="How long to observe."),
) -> None:
    """List every dependency that the labels declare."""
    from rich.table import Table

    context = current()
    project = context.workspace.project()
    traffic = _traffic(context.workspace.home, seconds) if observe else {}
    rows: list[dict[str, Any]] = [
        {
            "edge": edge.id,
            "caller": edge.caller,
            "callee": edge.callee,
            "port": edge.port,
            "tag": edge.tag,
            "http": edge.http,
            "from": edge.caller_region,
            "to": edge.callee_region,
            "rtt_s": project.stack.distance_s(edge.caller_region, edge.callee_region),
            **({"traffic": traffic.get(edge.id)} if observe else {}),
        }
        for edge in project.stack.edges
    ]

    def show() -> None:
        table = Table(box=None, pad_edge=False)
        for name in (
            "edge",
            "http",
            "tag",
            "from",
            "to",
            "distance",
            *(("requests/s", "p50", "bytes/s") if observe else ()),
        ):
            table.add_column(name)
        for row in rows:
            cells = [
                row["edge"],
                "yes" if row["http"] else "–",
                row["tag"] or "–",
                row["from"],
                row["to"],
                duration_text(row["rtt_s"]) if row["rtt_s"] else "–",
            ]
            if observe:
                seen = row["traffic"] or {"requests_per_s": 0.0, "p50_s": None, "bytes_per_s": 0.0}
                p50 = duration_text(seen["p50_s"]) if seen["p50_s"] is not None else "–"
                cells += [f"{seen['requests_per_s']:.1f}", p50, bytes_text(seen["bytes_per_s"])]
            table.add_row(*map(str, cells))
        context.out.print(table)

    context.answer(rows, show)
    for note in project.notes:
        context.say(f"note: {note}")


def _traffic(home: Path, seconds: int) -> dict[str, dict[str, float | None]]:
    from harness.wiring.standing import observe_edges

    return observe_edges(home, seconds)
