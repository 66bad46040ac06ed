"""What pipelines read: JUnit, a summary in Markdown, annotations, step outputs, metrics."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.analysis.answers.values import value_text
from harness.gate.decide import GateAnswer, Judged, Objective
from harness.gate.policy import FAILED, INCONCLUSIVE
from harness.report.junit import clean

MOST_SUMMARY = 1024 * 1024 - 4096
"""Bytes of a job summary that GitHub takes (1 MiB), with room for what others write."""
MOST_ANNOTATIONS = 10
"""Of each kind and step; GitHub drops more without a word."""
MOST_COMMENT = 65_000
"""Characters of a comment."""


def junit(answer: GateAnswer) -> str:
    """One suite an experiment, one case an objective, and one for the experiment itself; agrees with the exit code."""
    root = Element("testsuites", name="regionfall gate")
    for one in answer.experiments:
        root.append(_suite(one, [o for o in answer.objectives if o.experiment == one.experiment]))
    if answer.exit and not _wrong(root):
        extra = SubElement(root, "testsuite", name="gate", tests="1", failures="0", errors="1", skipped="0")
        case = SubElement(extra, "testcase", classname="gate", name="policy")
        told = clean("; ".join(answer.reasons) or f"exit {answer.exit}")
        SubElement(case, "error", type="Policy", message=told).text = told
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(suite.get(total, "0")) for suite in root)))
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _wrong(root: Element) -> bool:
    return any(suite.get("failures") != "0" or suite.get("errors") != "0" for suite in root)


def _suite(one: Judged, objectives: list[Objective]) -> Element:
    suite = Element("testsuite", name=clean(one.experiment))
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    names: dict[str, int] = {}

    def case(name: str, outcome: str, kind: str, message: str) -> None:
        names[name] = names.get(name, 0) + 1
        unique = name if names[name] == 1 else f"{name} ({names[name]})"
        element = SubElement(suite, "testcase", classname=clean(one.experiment), name=clean(unique), time="0")
        counts["tests"] += 1
        if outcome:
            counts[{"failure": "failures", "error": "errors", "skipped": "skipped"}[outcome]] += 1
            attributes = {"message": clean(message)} | ({"type": kind} if outcome != "skipped" else {})
            SubElement(element, outcome, attributes).text = clean(message)

    for objective in objectives:
        case(objective.name, *_outcome(objective, counts=one.counts != 0))
        if objective.compared:
            outcome = {FAILED: "failure", INCONCLUSIVE: "error"}.get(objective.compared, "")
            outcome = "skipped" if outcome and objective.quarantined else outcome
            case(f"{objective.name} against its baseline", outcome, "Baseline", numbers(objective))
    told = (one.runs[-1].verdict.get("reasons") or [f"exit {one.code}"])[0]
    if one.counts and not (counts["failures"] or counts["errors"]):
        case("experiment", "failure" if one.counts == 1 else "error", "Experiment", told)
    elif one.why:
        case("experiment", "skipped", "", f"exit {one.code} does not count: {one.why}")
    else:
        case("experiment", "", "", "")
    for key, count in counts.items():
        suite.set(key, str(count))
    return suite


def _outcome(one: Objective, *, counts: bool) -> tuple[str, str, str]:
    if one.verdict not in (FAILED, INCONCLUSIVE):
        return "", "", ""
    message = f"{one.reason or one.name}; {numbers(one)}"
    if one.quarantined or not counts:
        return "skipped", "", f"{'quarantined' if one.quarantined else 'does not count'}: {message}"
    return ("failure", "ResilienceFailed", message) if one.verdict == FAILED else ("error", "Inconclusive", message)


def numbers(one: Objective) -> str:
    """What was seen, with its interval, and the baseline where there is one."""
    if one.observed is None:
        return "nothing observed"
    text = f"observed {value_text(one.metric, one.observed)}"
    if one.interval:
        text += f" ({value_text(one.metric, one.interval[0])} … {value_text(one.metric, one.interval[1])})"
    return text + (f", baseline {value_text(one.metric, one.baseline)}" if one.baseline is not None else "")


def markdown(answer: GateAnswer, most: int = MOST_COMMENT) -> str:
    """For a job summary or a comment; what is cut off says so."""
    lines = [f"### regionfall: {answer.verdict.upper()} (exit {answer.exit})", ""]
    lines += [f"* {_md(reason)}" for reason in answer.reasons]
    lines += ["", "| experiment | objective | answer | measured |", "|---|---|---|---|"]
    for one in answer.objectives:
        mark = f"{one.verdict}, quarantined" if one.quarantined and one.verdict != "passed" else one.verdict
        mark += f"; against baseline: {one.compared}" if one.compared else ""
        lines.append(f"| {_md(one.experiment)} | {_md(one.name)} | {mark} | {_md(numbers(one))} |")
    lines += ["", *(f"> {_md(notice)}" for notice in answer.notices)]
    return cut("\n".join(lines) + "\n", most)


def cut(text: str, most: int) -> str:
    """At most so many bytes, whole lines, and a word about the rest."""
    if len(text.encode()) <= most:
        return text
    tail = "\n… cut off: the whole is in the run folders\n"
    kept = text.encode()[: most - len(tail.encode())].decode(errors="ignore")
    return kept.rpartition("\n")[0] + tail


def _md(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def annotated(answer: GateAnswer) -> list[str]:
    """GitHub workflow commands on the line of the file that declared the objective; errors first, each kind capped."""
    errors: list[str] = []
    warnings: list[str] = []
    for one in answer.objectives:
        if one.verdict not in (FAILED, INCONCLUSIVE):
            continue
        harmless = one.quarantined or one.verdict == INCONCLUSIVE
        kind = "warning" if harmless else "error"
        place = f"file={_property(one.file)},line={one.line}," if one.file else ""
        told = f"{one.name}: {one.reason or one.verdict}; {numbers(one)}"
        line = f"::{kind} {place}title={_property(f'{one.experiment}: {one.verdict}')}::{_data(told)}"
        (warnings if harmless else errors).append(line)
    notices = [f"::notice title=regionfall::{_data(notice)}" for notice in answer.notices]
    return [line for lines in (errors, warnings, notices) for line in _capped(lines)]


def _capped(lines: list[str]) -> Iterable[str]:
    return lines[:MOST_ANNOTATIONS]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def step_outputs(answer: GateAnswer) -> str:
    """For GITHUB_OUTPUT."""
    failed = sum(one.counts != 0 for one in answer.experiments)
    return f"exit={answer.exit}\nverdict={answer.verdict}\nexperiments={len(answer.experiments)}\nfailed={failed}\n"


def metrics(answer: GateAnswer) -> str:
    """GitLab's metrics report (OpenMetrics text): the exit code, and every observed value."""
    lines = ["# TYPE regionfall_gate_exit gauge", f"regionfall_gate_exit {answer.exit}"]
    lines.append("# TYPE regionfall_objective gauge")
    for one in answer.objectives:
        if one.observed is not None:
            labels = f'experiment="{_label(one.experiment)}",objective="{_label(one.name)}"'
            lines.append(f"regionfall_objective{{{labels}}} {one.observed:.9g}")
    return "\n".join([*lines, "# EOF", ""])


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
