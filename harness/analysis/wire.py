"""The verdict as verdict.json holds it (surface.md §7): plain values, no NaN, no infinity."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from harness.model.finding import Evidence, Finding, InjectionResult, Verdict
from harness.model.record import Record

SCHEMA = 1


def verdict_to_json(verdict: Verdict, record: Record) -> dict[str, Any]:
    """A JSON-ready dict; seconds unless a field ends in `_ms`, ratios 0–1, an open end of an interval is null."""
    return {
        "schema": SCHEMA,
        "run": verdict.run,
        "experiment": verdict.experiment,
        "status": verdict.status,
        "verdict": str(verdict.verdict) if verdict.verdict else None,
        "fidelity": {"observed": verdict.fidelity_observed, "total": verdict.fidelity_total},
        "cleanup": verdict.cleanup,
        "exit_code": verdict.exit_code,
        "headline": verdict.headline,
        "reasons": list(verdict.reasons),
        "findings": [_finding(finding) for finding in verdict.findings],
        "injections": [_injection(result) for result in verdict.injections],
        "load": _plain(asdict(verdict.load)),
        "environment": dict(verdict.environment),
        "seed": record.plan.seed,
        "stories": [_plain(asdict(story)) for story in verdict.stories],
        "blocked": list(verdict.blocked),
        "disturbances": list(verdict.disturbances),
        "steps": [_plain(asdict(step)) for step in verdict.steps],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    body: dict[str, Any] = _plain(asdict(finding))
    body |= {"kind": str(finding.kind), "verdict": str(finding.verdict)}
    for name in ("role", "tag", "flow", "edge", "probe", "metric", "limit", "incident"):
        body[name] = body[name] or None
    return body


def _injection(result: InjectionResult) -> dict[str, Any]:
    body: dict[str, Any] = _plain(asdict(result))
    body |= {"effect": _evidence(result.effect), "contained": _evidence(result.contained)}
    return body


def _evidence(evidence: Evidence) -> dict[str, Any]:
    body: dict[str, Any] = _plain(asdict(evidence))
    return body


def _plain(value: Any) -> Any:
    """Tuples become lists; what JSON cannot say becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
