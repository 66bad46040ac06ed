"""What the terminal shows: one calm display while a run lasts, a table when it is over."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from harness.model.finding import Answer, Verdict
from harness.model.record import Record
from harness.report.facts import Card, Facts, build_facts
from harness.report.live import LiveTerminal
from harness.report.plain import as_ascii
from harness.report.reproduce import commands
from harness.report.sentences import lead, meaning
from harness.report.steps import step_line, step_rows
from harness.report.words import MISSING, TERMINAL_STYLES, Mark

__all__ = ["LiveTerminal", "verdict_table"]

_WIDE = 100
"""Columns from which expectation and cause have room."""

_REASONS = 8
"""Reasons that a terminal shows; the rest is in the report."""


def verdict_table(verdict: Verdict, record: Record, console: Console, *, folder: str = "") -> None:
    """Print the end of a run: who survived, the word and what decided, where the report is, how to repeat it."""
    facts = build_facts(record, verdict)
    for part in _parts(facts, folder, console.width, console.options.ascii_only):
        console.print(part, highlight=False, soft_wrap=isinstance(part, Text))


def _parts(facts: Facts, folder: str, width: int, ascii_only: bool) -> list[RenderableType]:
    parts: list[RenderableType] = [Text("")]
    if any(card.during.n for card in facts.cards):
        parts += [_table(facts, width, ascii_only), Text("")]
    parts += [
        _word(facts, ascii_only),
        *_decided(facts, ascii_only),
        *_steps(facts, ascii_only),
        *_where(facts, folder, ascii_only),
    ]
    return parts


def _table(facts: Facts, width: int, ascii_only: bool) -> Table:
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("who", no_wrap=True, overflow="crop" if ascii_only else "ellipsis")
    for name in ("result", "expected") if wide else ("result",):
        table.add_column(name, no_wrap=True)
    for name in ("good", "p95"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("back", "hit by") if wide else ("back",):
        table.add_column(name, no_wrap=True)
    for card in facts.cards:
        table.add_row(_sign(card.mark, ascii_only), *(_cell(text, ascii_only) for text in _texts(card, wide)))
    return table


def _texts(card: Card, wide: bool) -> list[tuple[str, str]]:
    """(text, style) of a row; what came out otherwise than expected stands out."""
    expected = [(card.expected or MISSING, "bold red" if card.as_expected is False else "dim")] if wide else []
    hit = [(card.cause if card.group != "survived" else "", "dim")] if wide else []
    result = (card.mark.word, TERMINAL_STYLES[card.mark.tone])
    return [(card.flow, ""), result, *expected, (card.good_text, ""), (card.p95_text, ""), (card.back, ""), *hit]


def _cell(cell: tuple[str, str], ascii_only: bool) -> Text:
    return Text(_plain(cell[0], ascii_only), style=cell[1])


def _sign(mark: Mark, ascii_only: bool) -> Text:
    return Text(mark.ascii if ascii_only else mark.sign, style=TERMINAL_STYLES[mark.tone])


def _word(facts: Facts, ascii_only: bool) -> Text:
    mark = facts.mark
    style = TERMINAL_STYLES[mark.tone]
    decided = facts.verdict.verdict in (Answer.PASSED, Answer.FAILED)
    said = facts.verdict.headline or (lead(facts) if decided and lead(facts) else meaning(facts))
    sign = mark.ascii if ascii_only else mark.sign
    said = _plain(said.removesuffix(f" · {mark.word}"), ascii_only)
    return Text.assemble((sign, style), (f" {mark.word} ", f"bold {style}"), said)


def _decided(facts: Facts, ascii_only: bool) -> list[Text]:
    if facts.mark.word == "PASSED":
        return []
    reasons = facts.verdict.reasons
    lines = [
        Text(_plain(f"  {reason}", ascii_only), style="" if at else "bold")
        for at, reason in enumerate(reasons[:_REASONS])
    ]
    if len(reasons) > _REASONS:
        lines.append(Text(f"  and {len(reasons) - _REASONS} more in the report", style="dim"))
    return lines


def _steps(facts: Facts, ascii_only: bool) -> list[Text]:
    return [Text(_plain(f"  step {step_line(row)}", ascii_only)) for row in step_rows(facts)]


def _where(facts: Facts, folder: str, ascii_only: bool) -> list[Text]:
    lines = [
        Text(f"  clean-up {facts.verdict.cleanup}", style="dim" if facts.verdict.cleanup == "verified" else "bold")
    ]
    if folder:
        lines.append(Text.assemble(("  report   ", "dim"), f"{folder}/report.html"))
    again = commands(facts.record)[0][1]
    lines.append(Text.assemble(("  again    ", "dim"), _plain(again, ascii_only)))
    return lines


def _plain(text: str, ascii_only: bool) -> str:
    return as_ascii(text) if ascii_only else text
