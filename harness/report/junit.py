"""junit.xml: a suite is an experiment, a test case is one answered question; agrees with the exit code."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.model.finding import Answer, Finding, FindingKind, InjectionResult
from harness.report.facts import Facts
from harness.report.words import interval_words, observed_words, where_words

_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Suite:
    """Counts what it is told, and keeps names unique: readers keep only the first of a name."""

    def __init__(self, name: str, seconds: float) -> None:
        self.element = Element("testsuite", name=clean(name))
        self.name, self.seconds = name, seconds
        self.counts = {"tests": 0, "failures": 0, "errors": 0}
        self._names: dict[str, int] = {}

    def case(self, name: str, *, outcome: str = "", kind: str = "", message: str = "", output: str = "") -> None:
        """One test case; `outcome` is '' (passed), 'failure' or 'error'."""
        seen = self._names[name] = self._names.get(name, 0) + 1
        unique = name if seen == 1 else f"{name} ({seen})"
        case = SubElement(self.element, "testcase", classname=clean(self.name), name=clean(unique), time="0")
        self.counts["tests"] += 1
        if outcome:
            self.counts["failures" if outcome == "failure" else "errors"] += 1
            SubElement(case, outcome, type=kind, message=clean(message)).text = clean(message)
        if output:
            SubElement(case, "system-out").text = clean(output)

    def finish(self) -> Element:
        """The suite with its counts."""
        for key, count in self.counts.items():
            self.element.set(key, str(count))
        self.element.set("skipped", "0")
        self.element.set("time", f"{self.seconds:.3f}")
        return self.element


def render_junit(facts: Facts) -> str:
    """The whole file, one suite."""
    verdict, plan = facts.verdict, facts.record.plan
    suite = _Suite(plan.name, max(facts.series.end_s - plan.start_s, 0.0))
    _properties(suite.element, facts)
    for finding in facts.of(FindingKind.GUARD, FindingKind.OBJECTIVE, FindingKind.SIGNATURE):
        _finding(suite, finding)
    for injection in verdict.injections:
        _took_effect(suite, injection)
    _cleanup(suite, facts)
    _completed(suite, facts)
    root = Element("testsuites", name="regionfall")
    root.append(suite.finish())
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _properties(suite: Element, facts: Facts) -> None:
    answer = facts.verdict.verdict
    values = {
        "regionfall.verdict": str(answer) if answer else "none",
        "regionfall.status": facts.verdict.status,
        "regionfall.seed": str(facts.record.plan.seed),
        "regionfall.run": facts.record.run,
        "regionfall.exit-code": str(facts.verdict.exit_code),
    }
    holder = SubElement(suite, "properties")
    for name, value in values.items():
        SubElement(holder, "property", name=name, value=clean(value))


def _finding(suite: _Suite, finding: Finding) -> None:
    point = f"point {finding.point}: " if finding.point is not None else ""
    where = where_words(finding)
    name = f"{finding.kind}: {point}{finding.name}{f' [{where}]' if where else ''}"
    interval = interval_words(finding) or "none"
    output = f"observed {observed_words(finding)}, interval {interval}, asked {finding.limit}, n {finding.n}"
    message = finding.reason or output
    if finding.verdict is Answer.PASSED:
        suite.case(name, output=output)
    elif finding.verdict is Answer.FAILED and finding.kind is not FindingKind.SIGNATURE:
        suite.case(name, outcome="failure", kind="ResilienceFailed", message=message, output=output)
    else:
        suite.case(name, outcome="error", kind="Inconclusive", message=message, output=output)


def _took_effect(suite: _Suite, result: InjectionResult) -> None:
    name = f"fault-took-effect: {result.id}"
    proved = result.effect.proved and result.contained.proved
    if proved:
        suite.case(name)
        return
    missing = result.contained if result.effect.proved else result.effect
    what = "containment" if result.effect.proved else "effect"
    suite.case(
        name, outcome="error", kind="Inconclusive", message=f"{what} not proved: {missing.reason or missing.measure}"
    )


def _cleanup(suite: _Suite, facts: Facts) -> None:
    if facts.verdict.cleanup == "verified":
        suite.case("cleanup-verified")
        return
    message = "a fault may still be active. Run: regionfall heal"
    suite.case("cleanup-verified", outcome="error", kind="CleanupUnverified", message=message)


def _completed(suite: _Suite, facts: Facts) -> None:
    """Whether the run came to its end; an error here when nothing above says why the exit code is not 0."""
    code, reasons = facts.verdict.exit_code, facts.verdict.reasons
    message = reasons[0] if reasons else f"exit code {code}"
    if code in (4, 70, 130, 143):
        kind = {4: "EnvironmentError", 70: "HarnessError"}.get(code, "Stopped")
        suite.case("run-completed", outcome="error", kind=kind, message=message)
    elif code != 0 and not (suite.counts["failures"] or suite.counts["errors"]):
        outcome, kind = ("failure", "ResilienceFailed") if code == 1 else ("error", "Inconclusive")
        suite.case("run-completed", outcome=outcome, kind=kind, message=message)
    else:
        suite.case("run-completed")


def clean(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold."""
    return _ILLEGAL.sub("�", text)
