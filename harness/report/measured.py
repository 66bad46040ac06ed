"""Measured evidence in words: the unit follows from what the measure says that it is."""

from __future__ import annotations

from harness.model.finding import Evidence
from harness.model.units import bytes_text, duration_text, ratio_text
from harness.report.words import MISSING

_SHARE_WORDS = ("share", "refused", "unanswered", "given up", "errors", "failed")


def measured(measure: str, value: float | None) -> str:
    """One measured value with its unit: bytes or events per second, a share, else seconds."""
    if value is None:
        return MISSING
    words = measure.lower()
    if "byte" in words:
        return f"{bytes_text(value)}/s"
    if "/s" in words:
        return f"{value:.3g}/s"
    if any(word in words for word in _SHARE_WORDS):
        return ratio_text(value) if value <= 1 else f"{value:.3g}"
    return duration_text(value)


def measure_words(measure: str) -> str:
    """The measure without its unit, which stands with the value."""
    return (
        measure.replace(" (s)", "").replace("answers/s", "answers").replace("requests/s", "requests").replace("/s", "")
    )


def before_words(evidence: Evidence) -> str:
    """The value before, a dash without one."""
    return measured(evidence.measure, evidence.before)


def during_words(evidence: Evidence) -> str:
    """The value while the fault held, a dash without one."""
    return measured(evidence.measure, evidence.during)
