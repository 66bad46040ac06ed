"""Three-valued answers in pytest's two words: failed is a failure; undecided and not carried out are errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from harness.model.errors import CleanupUnverified, HarnessError, Inconclusive, ResilienceFailed, UsageError

ATTRIBUTE = "chaos_outcome"
OBJECTIVE = "chaos_objective"
"""Set on a report that stands for one objective of an experiment file: it is for JUnit, not for counting tests."""
WORDS = {
    "inconclusive": ("error", "E", "INCONCLUSIVE"),
    "environment": ("error", "E", "ENVIRONMENT"),
    "usage": ("error", "E", "USAGE"),
    "clean-up unverified": ("error", "E", "CLEAN-UP UNVERIFIED"),
}


def kind_of(error: BaseException) -> str:
    """How a test ended that raised this; '' for what is a failure like any other."""
    if isinstance(error, Inconclusive):
        return "inconclusive"
    if isinstance(error, CleanupUnverified):
        return "clean-up unverified"
    if isinstance(error, UsageError):
        return "usage"
    return "environment" if isinstance(error, HarnessError) and not isinstance(error, ResilienceFailed) else ""


def told(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Note on the report how it ended; it travels with it from worker to controller."""
    if call.excinfo is not None and report.failed and (kind := kind_of(call.excinfo.value)):
        setattr(report, ATTRIBUTE, kind)
        report.user_properties.append(("chaos.outcome", kind))


def status(report: Any) -> tuple[str, str, str] | None:
    """Category, letter and word; None where pytest knows better."""
    if getattr(report, OBJECTIVE, False):
        return "", "", ""
    kind = getattr(report, ATTRIBUTE, "")
    return WORDS[kind] if kind and report.failed else None


@contextmanager
def as_junit_error(report: pytest.TestReport) -> Iterator[None]:
    """While it is written down: JUnit calls an error what did not happen in the test's own call."""
    kind = getattr(report, ATTRIBUTE, "")
    if not kind or report.when != "call":
        yield
        return
    report.when = "setup"
    try:
        yield
    finally:
        report.when = "call"


def correct_message(config: pytest.Config, report: pytest.TestReport) -> None:
    """pytest's JUnit file says 'failed on setup'; say what it was. Where its inside has changed, nothing happens."""
    with suppress(ImportError, AttributeError, IndexError, TypeError):
        from _pytest.junitxml import xml_key

        xml = config.stash.get(xml_key, None)
        if xml is not None and report.when == "call":
            crash = getattr(report.longrepr, "reprcrash", None)
            said = crash.message if crash is not None else report.longreprtext.strip()
            xml.node_reporter(report).nodes[-1].set("message", f"{getattr(report, ATTRIBUTE)}: {said}"[:400])
