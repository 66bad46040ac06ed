"""metrics.txt: the numbers of a run as OpenMetrics text, so that a reviewer's page can compare branches."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from harness.model.finding import Answer
from harness.report.facts import Facts

_ANSWERS = (Answer.PASSED, Answer.FAILED, Answer.INCONCLUSIVE)


def render_metrics(facts: Facts) -> str:
    """The whole exposition, ended by `# EOF`."""
    lines: list[str] = []
    for name, unit, words, samples in _families(facts):
        lines += [f"# TYPE {name} gauge", *([f"# UNIT {name} {unit}"] if unit else []), f"# HELP {name} {words}"]
        lines += [f"{name}{_labels(labels)} {value:.9g}" for labels, value in samples if isfinite(value)]
    return "\n".join([*lines, "# EOF"]) + "\n"


_Samples = list[tuple[dict[str, str], float]]


def _families(facts: Facts) -> Iterator[tuple[str, str, str, _Samples]]:
    verdict, name = facts.verdict, facts.record.plan.name
    one = {"experiment": name}
    answers = [({**one, "verdict": str(answer)}, float(verdict.verdict is answer)) for answer in _ANSWERS]
    yield "regionfall_verdict", "", "1 for the answer of the run.", answers
    yield "regionfall_exit_code", "", "Exit code of the run.", [(one, float(verdict.exit_code))]
    yield (
        "regionfall_cleanup_verified",
        "",
        "1 if every fault was shown to be gone.",
        [(one, float(verdict.cleanup == "verified"))],
    )
    if verdict.fidelity_total:
        ratio = verdict.fidelity_observed / verdict.fidelity_total
        yield "regionfall_fidelity_ratio", "ratio", "Share of signature points observed.", [(one, ratio)]
    yield "regionfall_requests", "", "Intended requests.", [(one, float(verdict.load.offered))]
    yield from _flows(facts)
    yield from _recovery(facts)
    proved = [({**one, "injection": result.id}, float(result.effect.proved)) for result in verdict.injections]
    if proved:
        yield "regionfall_fault_proved", "", "1 if the fault was proved by its effect.", proved


def _flows(facts: Facts) -> Iterator[tuple[str, str, str, _Samples]]:
    good: _Samples = []
    p95: _Samples = []
    for card in facts.cards:
        for window in facts.windows:
            stats = facts.series.samples.window(card.flow, window.start_s, window.end_s)
            labels = {"experiment": facts.record.plan.name, "flow": card.flow, "phase": window.name}
            if window.reached and stats.good is not None and stats.p95_s is not None:
                good.append((labels, stats.good))
                p95.append((labels, float("nan") if stats.p95_over_deadline else stats.p95_s))
    if good:
        yield "regionfall_availability_ratio", "ratio", "Share of intended requests answered well and in time.", good
    if any(isfinite(value) for _, value in p95):
        yield "regionfall_p95_seconds", "seconds", "p95 response time; absent where it lies beyond the deadline.", p95


def _recovery(facts: Facts) -> Iterator[tuple[str, str, str, _Samples]]:
    rows: _Samples = [
        ({"experiment": facts.record.plan.name, "flow": finding.flow, "after": finding.phase or ""}, finding.observed)
        for finding in facts.verdict.findings
        if finding.metric == "recovers_within" and finding.observed is not None
    ]
    if rows:
        yield "regionfall_recovery_seconds", "seconds", "Time until a flow was back to normal.", rows


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
