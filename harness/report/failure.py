"""Why an expectation was not met, in a few lines: what was seen, when it was worst, what bit, where to look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from harness.analysis.answers.values import value_text
from harness.journal.folder import shown
from harness.model.finding import Evidence, Finding, InjectionResult, Verdict
from harness.model.load import Outcome, Sample
from harness.model.record import Record
from harness.report.words import interval_words, observed_words, where_words


def failure_text(verdict: Verdict, findings: Sequence[Finding], record: Record, folder: Path) -> str:
    """Every one of `findings` with its evidence; then the faults, and the report."""
    lines = [line for finding in findings for line in _told(finding, record)]
    lines += [_bit(result) for result in verdict.injections] or ["no fault was injected under this load"]
    return "\n".join([*lines, f"report: {shown(folder)}/report.html"])


def told(finding: Finding) -> str:
    """One answer in one line."""
    interval, where = interval_words(finding), where_words(finding)
    parts = [f"observed {observed_words(finding)}", f"n = {finding.n}", interval, where, finding.reason]
    return f"{finding.name}: {', '.join(filter(None, parts))}"


def undecided_text(verdict: Verdict, reasons: Sequence[str], folder: Path) -> str:
    """Why nothing can be said; then the faults, and the report."""
    bits = [_bit(result) for result in verdict.injections]
    return "\n".join([*reasons, *bits, f"report: {shown(folder)}/report.html"])


def _told(finding: Finding, record: Record) -> list[str]:
    worst = _worst(finding, record)
    return [told(finding), *([f"  worst second: {worst}"] if worst else [])]


def _worst(finding: Finding, record: Record) -> str:
    """The second of the judged phases in which the flow did worst."""
    windows = [w for w in record.phases if w.name in finding.phases]
    seconds: dict[int, list[Sample]] = defaultdict(list)
    for sample in record.samples:
        if sample.flow == finding.flow and any(w.start_us <= sample.due_us < w.end_us for w in windows):
            seconds[(sample.due_us - record.zero_us) // 1_000_000].append(sample)
    if not seconds:
        return ""
    second, samples = max(seconds.items(), key=lambda item: (_bad(item[1]), _slowest(item[1])))
    good = len(samples) - round(_bad(samples) * len(samples))
    phase = next((w.name for w in windows if w.start_us <= samples[0].due_us < w.end_us), "")
    slow = value_text("p99", _slowest(samples))
    return f"{second} s after the start of {_first(record)} ({phase}): {good} of {len(samples)} good, slowest {slow}"


def _first(record: Record) -> str:
    return next((phase.name for phase in record.plan.phases if phase.start_s >= 0), "the timeline")


def _bad(samples: Sequence[Sample]) -> float:
    return sum(sample.outcome is not Outcome.OK for sample in samples) / len(samples)


def _slowest(samples: Sequence[Sample]) -> float:
    return max(sample.latency_us for sample in samples) / 1e6


def _bit(result: InjectionResult) -> str:
    if result.effect.proved:
        return f"the fault bit: {result.fault} on {result.target} ({_measured(result.effect)})"
    return (
        f"the fault did not show: {result.fault} on {result.target}: {result.effect.reason or 'no measurable effect'}"
    )


def _measured(effect: Evidence) -> str:
    if effect.before is None or effect.during is None:
        return effect.measure or "proved"
    seen = f"{effect.before:.4g} before, {effect.during:.4g} during"
    return f"{effect.measure}: {seen}, n = {effect.n_before}/{effect.n_during}"
