"""One experiment in one line: `break TARGET [HOW] [--for 30s] [--expect …]` -> the smallest file, and its Plan."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.faults.catalogue import CATALOGUE, SPREADS
from harness.faults.contract import FaultType
from harness.faults.parameters import Parameter, Unit
from harness.model.errors import InvalidFile, Problem
from harness.model.plan import Plan
from harness.spec.document.check import HANDLED, NOT_HANDLED
from harness.spec.durations import shown
from harness.spec.load import ReadStack, Wish, plan_of
from harness.spec.metrics import METRICS
from harness.spec.plugins import own_kinds
from harness.spec.suggest import did_you_mean

STEADY = "8s"
"""A one-line experiment is for the impatient: less than half the baseline of a file, 160 requests a flow."""


SPREADS_BY_NAME = {one.kind: one for one in SPREADS}
_SPREADS = tuple(f"{name}=" for name in SPREADS_BY_NAME)
"""Words that say how the fault is spread: `flap=4s`, `ramp=8s`, `gray=30%`."""


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
    data["steady"] = {"for": STEADY}
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
    wish = Wish(tuple(overrides), seed, None, without_faults, origins=origins)
    return plan_of(text.encode(), directory / "break", read_stack, wish)


def _how(quick: Quick, problems: list[Problem]) -> Any:
    spread = dict(word.split("=", 1) for word in quick.how if word.startswith(_SPREADS))
    words = [word for word in quick.how if not word.startswith(_SPREADS)] or ["blackout"]
    kind, rest = words[0], words[1:]
    if kind in NOT_HANDLED:
        problems.append(Problem("HOW", 1, 1, f"{kind!r} is not handled: {NOT_HANDLED[kind]}; {HANDLED}"))
        return None
    kinds = CATALOGUE if kind in CATALOGUE else own_kinds()
    if kind in SPREADS_BY_NAME:
        text = f"{kind} spreads another fault; write that first: refuse {kind}={rest[0] if rest else '…'}"
        problems.append(Problem("HOW", 1, 1, text))
        return None
    if kind not in kinds:
        hint = did_you_mean(kind, [*CATALOGUE, *kinds])
        problems.append(Problem("HOW", 1, 1, f"unknown symptom {kind!r}; {hint}"))
        return None
    type_ = kinds[kind]
    if apart := _apart(type_, rest):
        problems.append(Problem("HOW", 1, 1, apart))
        return None
    value = _names(rest, problems) if type_.free else _settings(type_, rest, problems)
    if value is None and not type_.bare:
        problems.append(Problem("HOW", 1, 1, f"{kind} needs a value; write {_line(type_)}"))
    beside = spread | ({"share": quick.share} if quick.share else {})
    if value is None and not beside:
        return kind
    return {kind: True if value is None else value} | beside


def _apart(type_: FaultType, words: Sequence[str]) -> str:
    """A setting typed in two words, `jitter 50ms`, and how it is written; '' if there is none."""
    settings = {*SPREADS_BY_NAME, *(parameter.name for parameter in type_.parameters)}
    for word, following in pairwise(words):
        if word in settings:
            return f"{word} and its value are one word; write {word}={following}"
    return ""


def _settings(type_: FaultType, words: Sequence[str], problems: list[Problem]) -> Any:
    """`300ms jitter=50ms` -> the value of the key; None for no words."""
    known = {parameter.name: parameter for parameter in type_.parameters}
    named = [word for word in words if word.partition("=")[0] in known and "=" in word]
    plain = " ".join(word for word in words if word not in named)
    values = {name: _typed(known[name], text) for name, _, text in (word.partition("=") for word in named)}
    if not plain:
        return values or None
    if type_.short is None:
        settings = f"; its settings: {', '.join(f'{name}=…' for name in known)}" if known else ""
        text = f"{type_.kind} takes nothing after it; remove {shown(plain)}{settings}"
        problems.append(Problem("HOW", 1, 1, text))
        return values
    short = _typed(type_.short, plain)
    return values | {type_.short.name: short} if values else short


def _typed(parameter: Parameter, text: str) -> Any:
    """Texts of the command line as YAML would read them: counts are numbers, flags are true or false."""
    if parameter.unit is Unit.COUNT and text.isdecimal():
        return int(text)
    return text == "true" if parameter.unit is Unit.FLAG and text in ("true", "false") else text


def _line(type_: FaultType) -> str:
    """The shortest way to ask for it in one line: `slow 300ms`."""
    if type_.free:
        return f"{type_.kind} login=fail"
    needed = [p.example if p.short else f"{p.name}={p.example}" for p in type_.parameters if p.required]
    return " ".join([type_.kind, *needed])


def _names(words: Sequence[str], problems: list[Problem]) -> dict[str, str] | None:
    """`login=fail rate=0.5` -> names and values; None for no words."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name or not value:
            problems.append(Problem("HOW", 1, 1, f"{shown(word)} is not name=value; write flags login=fail"))
        found[name] = value
    return found or None


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
