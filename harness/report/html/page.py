"""report.html: one self-contained file that loads nothing and allows nothing to be loaded."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from os.path import relpath
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.model.errors import HarnessError
from harness.model.finding import FindingKind
from harness.model.units import ratio_text
from harness.report import tables
from harness.report.facts import GROUPS, Facts
from harness.report.html.cards import build_axis, build_card
from harness.report.html.payload import as_script, build_payload
from harness.report.html.sheet import Sheet
from harness.report.html.timeline import build_timeline
from harness.report.html.why import build_whys
from harness.report.reproduce import commands
from harness.report.sentences import lead, meaning, setting
from harness.report.steps import step_rows
from harness.report.words import FAILED, FAMILY_WORDS, MISSING, PASSED


def render_page(facts: Facts, folder: Path, logs: Mapping[str, Path], rerun: str) -> str:
    """The whole page; `folder` is where it will lie, links to `logs` are relative to it."""
    sheet = Sheet()
    context = _context(facts, sheet) | {
        "logs": _links(folder, logs),
        "commands": commands(facts.record, rerun),
    }
    environment = Environment(
        loader=PackageLoader("harness.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["edge"] = lambda text: text.replace("->", " → ").replace("  → ", " → ").replace(" →  ", " → ")
    environment.filters["share"] = lambda value: MISSING if value is None else ratio_text(value)
    body = environment.get_template("body.html.j2").render(context)
    css = _asset("uPlot.min.css") + _asset("report.css") + sheet.css()
    scripts = [_asset("uPlot.iife.min.js"), _asset("report.js")]
    return environment.get_template("page.html.j2").render(
        title=f"{facts.mark.word} · {facts.record.plan.title or facts.record.plan.name}",
        policy=_policy(css, scripts),
        css=Markup(css),
        body=Markup(body),
        data=Markup(as_script(build_payload(facts))),
        scripts=[Markup(script) for script in scripts],
    )


def _context(facts: Facts, sheet: Sheet) -> dict[str, Any]:
    shared = build_axis(facts, sheet)
    return {
        "facts": facts,
        "record": facts.record,
        "plan": facts.record.plan,
        "verdict": facts.verdict,
        "mark": facts.mark,
        "decides": facts.mark in (PASSED, FAILED) and not facts.record.plan.without_faults,
        "lead": lead(facts),
        "meaning": meaning(facts),
        "setting": setting(facts),
        "groups": [(name, facts.group(name)) for name in GROUPS],
        "timeline": build_timeline(facts, sheet),
        "family_words": FAMILY_WORDS,
        "shared": shared,
        "cards": [build_card(facts, shared, card) for card in facts.dependents],
        "other_cards": [build_card(facts, shared, card) for card in facts.others],
        "whys": build_whys(facts),
        "injections": tables.injection_rows(facts),
        "steps": step_rows(facts),
        "objectives": tables.finding_rows(facts, FindingKind.OBJECTIVE),
        "signature": tables.finding_rows(facts, FindingKind.SIGNATURE),
        **_guards(facts),
        "environment": _environment(facts),
        "load_lines": tables.load_lines(facts),
        "clock_rows": tables.clock_rows(facts),
        "objectives_count": facts.passed(FindingKind.OBJECTIVE),
    }


def _guards(facts: Facts) -> dict[str, Any]:
    """Conditions of every run; open at once where few were missed, so that they can be read."""
    rows = tables.finding_rows(facts, FindingKind.GUARD)
    held = sum(row.mark.tone == "good" for row in rows)
    return {"guards": rows, "guards_held": held, "guards_open": 0 < len(rows) - held <= 4}


def _environment(facts: Facts) -> dict[str, list[tuple[str, str]]]:
    """What a reader looks at, and the digests of images, which only a machine compares."""
    pairs = facts.verdict.environment or facts.record.environment
    digests = [(key, value[:19]) for key, value in pairs if value.startswith("sha256:")]
    return {"plain": [pair for pair in pairs if not pair[1].startswith("sha256:")], "digests": digests}


def _asset(name: str) -> str:
    """Text of a packed asset, safe inside its element."""
    source = resources.files("harness.report") / "assets" / name
    if not source.is_file():
        raise HarnessError(
            f"the installation lacks harness/report/assets/{name}; run `make setup`, or install the wheel again"
        )
    return source.read_text("utf-8").replace("</script", "<\\/script")


def _policy(css: str, scripts: list[str]) -> str:
    """A content policy that allows exactly the style and scripts of this page, and no request at all."""
    allowed = " ".join(_digest(script) for script in scripts)
    return f"default-src 'none'; style-src {_digest(css)}; script-src {allowed}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _links(folder: Path, logs: Mapping[str, Path]) -> list[tuple[str, str]]:
    """(service, link) relative to the page, so that a run folder can be moved as a whole."""
    return [(name, Path(relpath(path, folder)).as_posix()) for name, path in sorted(logs.items())]
