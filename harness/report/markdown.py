"""summary.md: the answer on top, ready to paste into a merge request or a chat."""

from __future__ import annotations

from collections.abc import Iterable

from harness.model.finding import FindingKind
from harness.report.facts import Facts
from harness.report.reproduce import commands
from harness.report.sentences import lead, meaning, setting
from harness.report.steps import step_line, step_rows
from harness.report.tables import FindingRow, finding_rows, injection_rows, load_lines

LIMIT_BYTES = 900 * 1024
"""A step summary above 1 MiB is dropped whole, so it is cut before."""


def render_markdown(facts: Facts, rerun: str = "") -> str:
    """The whole summary; cut at a line with a pointer to the page when it grows past `LIMIT_BYTES`."""
    parts = [
        *_top(facts),
        *_who(facts),
        *_findings(facts),
        *_faults(facts),
        *_steps(facts),
        *_trust(facts),
        *_again(facts, rerun),
    ]
    return _cut("\n".join(parts) + "\n")


def _top(facts: Facts) -> Iterable[str]:
    plan, verdict = facts.record.plan, facts.verdict
    yield f"## {facts.mark.sign} {facts.mark.word}: {_text(plan.title or plan.name)}"
    yield ""
    yield _text(" ".join(part for part in (lead(facts), meaning(facts)) if part))
    if verdict.headline:
        yield f"\n**{_text(verdict.headline)}**"
    if facts.mark.word != "PASSED" and verdict.reasons:
        yield "\n**What decided**\n"
        yield from (f"{number}. {_text(reason)}" for number, reason in enumerate(verdict.reasons, 1))
    yield f"\n{_text(setting(facts))} · run `{facts.record.run}`"


def _who(facts: Facts) -> Iterable[str]:
    if not facts.cards:
        return
    yield "\n| | who | result | expected | good during | p95 during | back | strategy |"
    yield "|---|---|---|---|--:|--:|---|---|"
    for card in facts.cards:
        cells = (
            card.title,
            card.mark.word,
            card.expected or "–",
            card.good_text,
            card.p95_text,
            card.back,
            card.strategy,
        )
        yield f"| {card.mark.sign} | {' | '.join(_cell(cell) for cell in cells)} |"


def _findings(facts: Facts) -> Iterable[str]:
    rows = (*finding_rows(facts, FindingKind.GUARD), *finding_rows(facts, FindingKind.OBJECTIVE))
    if rows:
        yield from _table("Objectives", rows)
    signature = finding_rows(facts, FindingKind.SIGNATURE)
    if signature:
        yield from _table(
            f"Fidelity: {facts.verdict.fidelity_observed} of {facts.verdict.fidelity_total} points", signature
        )


def _table(title: str, rows: tuple[FindingRow, ...]) -> Iterable[str]:
    yield f"\n### {title}\n"
    yield "| | what | asked | observed | 95 % interval | requests | result |"
    yield "|---|---|--:|--:|--:|--:|---|"
    for row in rows:
        point = f"{row.point}. " if row.point else ""
        what = " ".join(
            part for part in (f"{point}{row.name}:", row.what, f"({row.where})" if row.where else "") if part
        )
        cells = (what, row.limit, row.observed, row.interval or "–", row.n, row.mark.word)
        yield f"| {row.mark.sign} | {' | '.join(_cell(cell) for cell in cells)} |"
    reasons = [_reason(row) for row in rows if row.reason]
    if reasons:
        yield ""
        yield from reasons


def _reason(row: FindingRow) -> str:
    """Its name once: a guard's reason is a whole sentence, which mostly begins with it."""
    name, reason = _text(row.name), _text(row.reason)
    return f"* **{name}**{reason.removeprefix(name)}" if reason.startswith(name) else f"* **{name}**: {reason}"


def _faults(facts: Facts) -> Iterable[str]:
    rows = injection_rows(facts)
    if not rows:
        return
    yield "\n### Did the faults bite, and only there?\n"
    yield "| fault | does | before | during | bit | only there | gone |"
    yield "|---|---|--:|--:|---|---|---|"
    for row in rows:
        told = (f"{value.sign} {value.words}" for value in (row.proved, row.contained, row.healed))
        yield f"| {' | '.join(_cell(cell) for cell in (row.id, row.fault, row.before, row.during, *told))} |"


def _steps(facts: Facts) -> Iterable[str]:
    rows = step_rows(facts)
    if rows:
        yield "\n### Did the steps work?\n"
        yield from (f"* {_text(step_line(row))}" for row in rows)


def _trust(facts: Facts) -> Iterable[str]:
    yield "\n### Can this run be trusted?\n"
    yield from (f"* {line.sign} {line.words}" for line in load_lines(facts))
    yield f"* clean-up {facts.verdict.cleanup}"
    yield from (f"* disturbance: {_text(line)}" for line in facts.verdict.disturbances)
    yield from (f"* undeclared call that did not get through: {_text(line)}" for line in facts.verdict.blocked)


def _again(facts: Facts, rerun: str) -> Iterable[str]:
    yield "\n### Run it again\n"
    yield "```sh"
    yield from (command for _, command in commands(facts.record, rerun))
    yield "```"


def _text(text: str) -> str:
    """Guests' text as text: no markup of theirs takes effect."""
    for sign in "\\`*_<>[]|":
        text = text.replace(sign, "&lt;" if sign == "<" else "&gt;" if sign == ">" else f"\\{sign}")
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _text(text) or "–"


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= LIMIT_BYTES:
        return text
    kept = raw[:LIMIT_BYTES].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + "\nCut here; the whole of it is in report.html of the run folder.\n"
