"""Measured evidence in words: the unit follows from what the measure says that it is."""

from __future__ import annotations

from harness.model.finding import Evidence
from harness.model.units import bytes_text, duration_text, ratio_text
from harness.report.words import MISSING

_SHARE_WORDS = ("share", "refused", "unanswered", "given up", "gave up", "errors", "failed")
_COUNT_WORDS = ("queued", "number", "count")


def measured(measure: str, value: float | None) -> str:
    """One measured value with its unit: bytes per second, a share, a count, else seconds."""
    if value is None:
        return MISSING
    words = measure.lower()
    if "byte" in words:
        return f"{bytes_text(value)}/s"
    if any(word in words for word in _COUNT_WORDS):
        return f"{value:,.0f}".replace(",", " ")
    if any(word in words for word in _SHARE_WORDS):
        return ratio_text(value) if value <= 1 else f"{value:,.0f}".replace(",", " ")
    return duration_text(value)


def before_words(evidence: Evidence) -> str:
    """The value before, a dash without one."""
    return measured(evidence.measure, evidence.before)


def during_words(evidence: Evidence) -> str:
    """The value while the fault held, a dash without one."""
    return measured(evidence.measure, evidence.during)
