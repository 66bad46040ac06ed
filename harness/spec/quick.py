"""One experiment in one line: `break TARGET [HOW] [--for 30s] [--expect …]` -> the smallest file, and its Plan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.model.errors import InvalidFile, Problem
from harness.model.plan import Plan
from harness.spec.document.check import HANDLED, NOT_HANDLED
from harness.spec.durations import shown
from harness.spec.load import ReadStack, Wish, plan_of
from harness.spec.metrics import METRICS
from harness.spec.suggest import did_you_mean

_PLAIN = ("blackout", "isolate", "hang", "refuse")
_WITH_VALUE = {"slow": "slow 300ms", "bandwidth": "bandwidth 20KB/s", "flags": "flags login=fail"}


@dataclass(frozen=True, slots=True)
class Quick:
    """What a one-line experiment asks for, as typed. `how`: words like ('slow', '300ms'), () for a blackout."""

    target: str
    how: tuple[str, ...] = ()
    for_text: str = "30s"
    expect: tuple[str, ...] = ()
    """`checkout.availability >= 99%`, `checkout.recovers_within 15s`."""
    share: str = ""
    compose: tuple[str, ...] = ()


def quick_text(quick: Quick) -> str:
    """The experiment as a file that `--save` writes and `run` reads. UsageError names the option that is wrong."""
    problems: list[Problem] = []
    data: dict[str, Any] = {"version": 1}
    if quick.compose:
        data["stack"] = {"compose": list(quick.compose)}
    data |= {"break": quick.target, "how": _how(quick, problems), "for": quick.for_text}
    expect = _expect(quick, problems)
    if expect:
        data["expect"] = expect
    if problems:
        raise InvalidFile(problems)
    out = io.StringIO()
    yaml = YAML()
    yaml.width = 110
    yaml.dump(data, out)
    return out.getvalue()


def quick_experiment(
    quick: Quick,
    *,
    directory: Path,
    read_stack: ReadStack,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    without_faults: bool = False,
) -> Plan:
    """The Plan of a one-line experiment; problems stand at the argument that they come from. Raises InvalidFile."""
    text = quick_text(quick)
    origins = (("break", "TARGET"), ("how", "HOW"), ("for", "--for"), ("expect", "--expect"), ("stack", "--file"))
    wish = Wish(tuple(overrides), seed, None, without_faults, origins)
    return plan_of(text.encode(), directory / "break", read_stack, wish)


def _how(quick: Quick, problems: list[Problem]) -> Any:
    words = quick.how or ("blackout",)
    kind, rest = words[0], " ".join(words[1:])
    how: Any = None
    if kind in NOT_HANDLED:
        problems.append(Problem("HOW", 1, 1, f"{kind!r} is not handled: {NOT_HANDLED[kind]}; {HANDLED}"))
    elif kind in _PLAIN and not rest:
        how = {kind: True} if kind in ("hang", "refuse") else {"how": kind}
    elif kind in _PLAIN:
        problems.append(Problem("HOW", 1, 1, f"{kind} takes nothing after it; remove {shown(rest)}"))
    elif kind not in _WITH_VALUE:
        hint = did_you_mean(kind, [*_PLAIN, *_WITH_VALUE])
        problems.append(Problem("HOW", 1, 1, f"unknown symptom {kind!r}; {hint}"))
    elif not rest:
        problems.append(Problem("HOW", 1, 1, f"{kind} needs a value; write {_WITH_VALUE[kind]}"))
    else:
        how = {kind: _flags(rest, problems) if kind == "flags" else rest}
    return _shared(how, quick.share)


def _shared(how: Any, share: str) -> Any:
    if isinstance(how, dict) and share:
        return how | {"share": share}
    return how["how"] if isinstance(how, dict) and "how" in how else how


def _flags(text: str, problems: list[Problem]) -> dict[str, str]:
    flags = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            problems.append(Problem("HOW", 1, 1, f"{shown(word)} is not name=value; write flags login=fail"))
        flags[name] = value
    return flags


def _expect(quick: Quick, problems: list[Problem]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for text in quick.expect:
        metric = next((name for name in sorted(METRICS, key=len, reverse=True) if f".{name}" in text), None)
        subject, _, limit = text.partition(f".{metric}") if metric else ("", "", "")
        if metric is None or not subject.strip() or not limit.strip():
            example = 'write --expect "checkout.availability >= 99%"'
            problems.append(Problem("--expect", 1, 1, f"{shown(text)} is not FLOW.METRIC LIMIT; {example}"))
            continue
        if metric in found.setdefault(subject.strip(), {}):
            problems.append(Problem("--expect", 1, 1, f"{subject.strip()}.{metric} is there twice; keep one"))
        found[subject.strip()][metric] = limit.strip()
    return found
