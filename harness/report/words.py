"""The words, shapes and colours of results: one table, used by every face."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

from harness.faults.catalogue import type_of
from harness.faults.contract import Family
from harness.model.fault import Fault, Injection
from harness.model.finding import Answer, Finding, Verdict
from harness.model.units import bytes_text, duration_text, ratio_text

MISSING = "–"

DEPENDENT = "dependent"
"""Role of the services that are asked whether they survived."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with its shape and tone; tones are CSS classes and map to terminal colours."""

    word: str
    tone: str
    sign: str
    ascii: str


PASSED = Mark("PASSED", "good", "✓", "[ok]")
FAILED = Mark("FAILED", "bad", "✗", "[x]")
INCONCLUSIVE = Mark("INCONCLUSIVE", "doubt", "?", "[?]")
ERROR = Mark("ERROR", "error", "!", "[!]")
STOPPED = Mark("STOPPED", "error", "!", "[!]")
UNCLEAN = Mark("CLEAN-UP UNVERIFIED", "error", "!", "[!]")

ANSWERS = {Answer.PASSED: PASSED, Answer.FAILED: FAILED, Answer.INCONCLUSIVE: INCONCLUSIVE}

SURVIVED = Mark("survived", "good", "✓", "[ok]")
DEGRADED = Mark("degraded", "warn", "≈", "[~]")
DOWN = Mark("down", "bad", "✗", "[x]")
UNAFFECTED = Mark("unaffected", "good", "✓", "[ok]")
NOT_JUDGED = Mark("not judged", "quiet", "?", "[?]")

STATUSES = {"survived": SURVIVED, "degraded": DEGRADED, "slow": DEGRADED, "down": DOWN, "unaffected": UNAFFECTED}

TERMINAL_STYLES = {
    "good": "green",
    "bad": "red",
    "doubt": "yellow",
    "warn": "yellow",
    "error": "magenta",
    "quiet": "dim",
}


def overall(verdict: Verdict) -> Mark:
    """The one word on top of everything; a clean-up that is not verified outranks every other."""
    if verdict.cleanup == "unverified" or verdict.exit_code == 7:
        return UNCLEAN
    if verdict.exit_code in (130, 143):
        return STOPPED
    if verdict.status == "errored" or verdict.verdict is None:
        return STOPPED if verdict.status == "aborted" else ERROR
    return ANSWERS[verdict.verdict]


def same_fate(expected: str, status: str) -> bool | None:
    """Whether what was expected is what happened; None where nothing was expected or nothing judged."""
    if expected not in STATUSES or status not in STATUSES:
        return None
    return _fate(expected) == _fate(status)


def one_fate(words: set[str]) -> str:
    """One word for several flows of one service: theirs if they agree, 'degraded' otherwise."""
    if len({_fate(word) for word in words if word in STATUSES}) == 1:
        return sorted(words)[0]
    return "degraded"


def _fate(word: str) -> str:
    return STATUSES[word].tone


def fault_words(fault: Fault) -> str:
    """What a fault does, in one short phrase: 'slow by 1.5 s ± 800 ms, on 35 % of new connections'."""
    return type_of(fault).told_in_a_report(fault)


def family_of(fault: Fault) -> Family:
    """The family that its colour stands for, a key of `FAMILY_WORDS`."""
    return type_of(fault).family


FAMILY_WORDS = {
    Family.SLOW: "slowed",
    Family.CUT: "cut off",
    Family.ERRORS: "answers replaced by errors",
    Family.STOPPED: "containers stopped",
    Family.STARVED: "containers starved",
    Family.NAMES: "names broken",
    Family.TOLD: "service told to misbehave",
}


def target_words(injection: Injection) -> str:
    """The target as typed, and how much it came to."""
    edges, services = len(injection.edges), len(injection.services)
    size = f"{services} service{'s' * (services != 1)}" if services else f"{edges} connection{'s' * (edges != 1)}"
    return f"{injection.target} · {size}"


METRIC_WORDS = {
    "availability": "answered well and in time",
    "error_rate": "not answered well and in time",
    "goodput": "good answers per second",
    "p50": "median response time",
    "p90": "p90 response time",
    "p95": "p95 response time",
    "p99": "p99 response time",
    "recovers_within": "back to normal within",
    "recovered_at": "back to normal at",
    "bytes": "bytes per second",
    "requests": "requests per second",
    "errors": "answers that are server errors",
    "retries": "requests per intended request",
    "holds": "good answers of the probe",
    "within": "first good answer of the probe within",
    "order": "order of recovery",
}

_SHARES = {"availability", "error_rate", "errors", "holds"}


def metric_words(metric: str) -> str:
    """A metric's name as people say it; a ratio is said to be 'against steady'."""
    base, _, _ = metric.partition("_ratio")
    words = METRIC_WORDS.get(base, metric.replace("_", " "))
    return f"{words}, against before" if metric.endswith("_ratio") else words


def value_words(metric: str, value: float | None) -> str:
    """A metric's value with its unit; a dash where there is none."""
    if value is None:
        return MISSING
    if metric in _SHARES or metric.endswith("_ratio"):
        return ratio_text(value)
    if metric == "recovered_at":
        return f"t{value / 60:+.0f} min"
    if metric in {"recovers_within", "within"} or metric in {"p50", "p90", "p95", "p99"}:
        return duration_text(value)
    if metric == "bytes":
        return f"{bytes_text(value)}/s"
    if metric in {"goodput", "requests"}:
        return f"{value:.1f}/s"
    return f"{value:.3g}"


def observed_words(finding: Finding) -> str:
    """What a finding observed, as text; a value that fell among timeouts says so."""
    if finding.incident:
        return finding.incident
    if finding.observed is None:
        return "over its deadline" if "timeout" in finding.reason else MISSING
    return value_words(finding.metric, finding.observed)


def interval_words(finding: Finding) -> str:
    """The interval of the observed value, '' without one."""
    if finding.interval is None:
        return ""
    low, high = finding.interval
    if not isfinite(high):
        return f"{value_words(finding.metric, low)} or more"
    return f"{value_words(finding.metric, low)} … {value_words(finding.metric, high)}"


def where_words(finding: Finding) -> str:
    """The phases that a finding speaks about; a long row of them by its ends."""
    if len(finding.phases) > 3:
        return f"{finding.phases[0]} to {finding.phases[-1]}"
    return ", ".join(finding.phases) or finding.phase or ""


def limit_words(limit: str) -> str:
    """A limit of the file as people read it: '>= 99%' -> '≥ 99 %', '70%..78%' -> '70 % to 78 %'."""
    text = limit.replace("<=", "≤").replace(">=", "≥").replace("..", " to ")
    return re.sub(r"(?<=\d)(%|ms|s|m|h|min)\b|(?<=\d)%", lambda unit: f" {_UNITS.get(unit[0], unit[0])}", text)


_UNITS = {"m": "min"}
