"""`expect`, `steady.expect` and `stop` -> objectives and stop conditions; every name in them must exist."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.model.load import Flow
from harness.model.objective import Limit, Objective, Stop
from harness.model.plan import STEADY
from harness.spec.bind.binding import Binding
from harness.spec.bind.probes import probe_named
from harness.spec.document.expect import limits_of
from harness.spec.document.places import Path
from harness.spec.durations import parse_duration, parse_share, shown
from harness.spec.limits import parse_bytes_size, parse_value
from harness.spec.metrics import HOST_METRICS, LOAD_METRICS, METRICS, PROBE_STOP_METRICS, STOP_METRICS, Value
from harness.spec.suggest import did_you_mean
from harness.spec.targets import TargetError, one_edge

DEFAULT_AVAILABILITY = 0.90
DEFAULT_SLACK = 0.05
DEFAULT_TEXT = ">= 90%, or the baseline's minus 5 points"

HOST, LOAD = "host", "load"


@dataclass(frozen=True, slots=True)
class Subjects:
    """What objectives may speak of: flows, phases, and which phases they mean by default."""

    flows: tuple[Flow, ...]
    phases: tuple[str, ...]
    default_phases: tuple[str, ...]
    faulted: tuple[str, ...]
    known_flows: tuple[str, ...]
    """Flows of broken parts of the file included; empty where flows could not be found out."""


def build_objectives(b: Binding, subjects: Subjects) -> tuple[Objective, ...]:
    """The file's objectives, or the default one for every flow."""
    if not b.doc.expect and not b.problems.any_broken("expect"):
        return _default_objectives(b, subjects)
    found: list[Objective] = []
    for name, parts in b.doc.expect.items():
        for index, part in enumerate(parts):
            found += _of_part(b, subjects, name, part, ("expect", name, index))
    return tuple(found)


def _default_objectives(b: Binding, subjects: Subjects) -> tuple[Objective, ...]:
    """Availability while a fault holds; `slack` is the part of the baseline that may be lost (see DEFAULT_TEXT)."""
    if b.doc.signature or not subjects.faulted:
        return ()
    limit = Limit(DEFAULT_TEXT, low=DEFAULT_AVAILABILITY, slack=DEFAULT_SLACK)
    b.notes.append(f"No expect in the file: availability of every flow while a fault holds is {DEFAULT_TEXT}.")
    return tuple(Objective(flow.name, "availability", limit, subjects.faulted) for flow in subjects.flows)


def build_steady(b: Binding, subjects: Subjects) -> tuple[Objective, ...]:
    """What must hold in the baseline."""
    found: list[Objective] = []
    for name, parts in b.doc.steady.expect.items():
        for index, part in enumerate(parts):
            path: Path = ("steady", "expect", name, index)
            for key in ("phases", "after"):
                if getattr(part, key) is not None:
                    b.add((*path, key), f"{key!r} has no meaning in steady; remove it", key=True)
            subject = subject_of(b, subjects, name, path)
            for metric, limit in limits_of(part).items():
                if METRICS[metric].recovery or METRICS[metric].name.endswith("_ratio") or metric == "retries":
                    b.add((*path, metric), f"{metric} compares with steady and has no meaning in it", key=True)
                elif check_metric(b, (*path, metric), name, metric):
                    line, column = b.line((*path, metric)), b.column((*path, metric))
                    found.append(Objective(subject, metric, limit, (STEADY,), line=line, column=column))
    return tuple(found)


def _of_part(b: Binding, subjects: Subjects, name: str, part: Any, path: Path) -> list[Objective]:
    limits = limits_of(part)
    if not limits:
        b.add(path, f'no limit for {name!r}; write one, as in availability: ">= 99%"')
    phases = phases_of(b, subjects, part.phases, (*path, "phases"))
    check_after(b, subjects, part, limits, path)
    subject = subject_of(b, subjects, name, path)
    if part.phases is not None and limits and all(METRICS[metric].recovery for metric in limits):
        b.add((*path, "phases"), "recovery is not scoped to phases; remove phases (after: says from when)", key=True)
    found = []
    for metric, limit in limits.items():
        where = (*path, metric)
        if check_metric(b, where, name, metric):
            scope = () if METRICS[metric].recovery else phases
            after = part.after or "" if METRICS[metric].value is Value.WITHIN else ""
            line, column = b.line(where), b.column(where)
            found.append(Objective(subject, metric, limit, scope, after, part.existential, line, column))
    return found


def subject_of(b: Binding, subjects: Subjects, name: str, path: Path) -> str:
    """A flow's name, an edge's id or a probe's name; a problem if it is none of them."""
    if (probe := probe_named(b, name)) is not None:
        return probe
    if name.startswith("alert("):
        b.add(path, f"{name} names no probe; add one, as in probes: {{page: {{alert: {{name: …, at: …}}}}}}", key=True)
        return name
    if "->" in name:
        try:
            return one_edge(b.stack, name).id if b.stack is not None else name
        except TargetError as error:
            b.add(path, str(error), key=True)
            return name
    if subjects.known_flows and name not in subjects.known_flows:
        known = [*subjects.known_flows, *b.written_probes()]
        what = "flow or probe" if b.written_probes() else "flow"
        b.add(path, f"unknown {what} {name!r}; {did_you_mean(name, known)}", key=True)
    return name


def check_metric(b: Binding, path: Path, subject: str, metric: str) -> bool:
    """Whether the metric speaks of what it stands under."""
    wanted = METRICS[metric].subject
    here = _kind_of(b, subject)
    if wanted == here:
        return True
    others = [m.name for m in METRICS.values() if m.subject == here]
    hint = 'write it under an edge, as "web->orders"' if wanted == "edge" else f"write it under a {wanted}"
    b.add(path, f"{metric} is a metric of {_article(wanted)}; {hint}, or use: {', '.join(others)}", key=True)
    return False


def _kind_of(b: Binding, subject: str) -> str:
    if probe_named(b, subject) is not None or subject.startswith("alert("):
        return "probe"
    return "edge" if "->" in subject else "flow"


def _article(subject: str) -> str:
    return f"an {subject}" if subject == "edge" else f"a {subject}"


def phases_of(b: Binding, subjects: Subjects, names: Sequence[str] | None, path: Path) -> tuple[str, ...]:
    """The phases that are named, or those meant by default."""
    if names is None:
        return subjects.default_phases
    if not names:
        b.add(path, "an empty list of phases; name one, or remove the key")
    for index, name in enumerate(names):
        if name in names[:index]:
            b.add((*path, index), f"the phase {name!r} is there twice; keep one")
        elif name not in b.written_phases():
            b.known((*path, index), "phase", name, [*subjects.phases, STEADY])
    return tuple(names)


def check_after(b: Binding, subjects: Subjects, part: Any, limits: dict[str, Limit], path: Path) -> None:
    """`after` names a phase, and belongs to recovers_within."""
    if part.after is None:
        return
    if not any(METRICS[metric].value is Value.WITHIN for metric in limits):
        b.add((*path, "after"), "'after' belongs to recovers_within; remove it, or name phases", key=True)
    if part.after not in b.written_phases():
        b.known((*path, "after"), "phase", part.after, subjects.phases)


_WHEN = re.compile(
    r"\s*(?P<subject>\S.*?)\.(?P<metric>\w+)\s*(?P<op><=|>=|<|>)\s*(?P<value>\S.*?)(?:\s+for\s+(?P<for>\S.*?))?\s*"
)


def build_stops(b: Binding, subjects: Subjects) -> tuple[Stop, ...]:
    """Stop conditions."""
    stops = []
    for index, doc in enumerate(b.doc.stop):
        path: Path = ("stop", index, "when")
        match = _WHEN.fullmatch(doc.when) if len(doc.when) <= 300 else None
        if match is None:
            b.add(path, f'{shown(doc.when)} is not a condition; write "checkout.availability < 20% for 10s"')
            continue
        try:
            subject, metric, value = _watched(b, subjects, match, path)
            for_s = _for_s(match)
        except ValueError as error:
            b.add(path, str(error))
            continue
        below = match["op"] in ("<", "<=")
        stops.append(Stop(doc.when, subject, metric, below, value, for_s, doc.verdict))
    return tuple(stops)


def _watched(b: Binding, subjects: Subjects, match: re.Match[str], path: Path) -> tuple[str, str, float]:
    """Subject, metric and value of a condition. ValueError says what cannot be watched."""
    subject, metric = match["subject"], match["metric"]
    if subject == HOST:
        if metric not in HOST_METRICS:
            raise ValueError(f"unknown host metric {metric!r}; {did_you_mean(metric, HOST_METRICS)}")
        return subject, metric, _plain_number(match["value"]) if metric == "load" else parse_bytes_size(match["value"])
    if subject == LOAD and LOAD not in subjects.known_flows:
        if metric not in LOAD_METRICS:
            raise ValueError(f"unknown metric {metric!r} of the load; {did_you_mean(metric, LOAD_METRICS)}")
        value = match["value"]
        return subject, metric, parse_duration(value) if metric == "silent" else parse_share(value)
    if (probe := probe_named(b, subject)) is not None:
        if metric not in PROBE_STOP_METRICS:
            raise ValueError(f"unknown metric {metric!r} of a probe; {did_you_mean(metric, PROBE_STOP_METRICS)}")
        return probe, metric, parse_value(metric, match["value"])
    if "->" in subject:
        raise ValueError(f"stop conditions watch flows, probes, load and host, {subject!r} is an edge; name a flow")
    if metric not in STOP_METRICS:
        raise ValueError(f"{metric!r} cannot be watched once a second; {did_you_mean(metric, STOP_METRICS)}")
    if subjects.known_flows and subject not in subjects.known_flows:
        known = [*subjects.known_flows, *b.written_probes(), HOST]
        b.add(path, f"unknown flow {subject!r}; {did_you_mean(subject, known)}")
    return subject, metric, parse_value(metric, match["value"])


def _plain_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < 1e6:
        raise ValueError(f"{shown(text)} is not a number above 0; write host.load > 4")
    return number


def _for_s(match: re.Match[str]) -> float:
    for_s = parse_duration(match["for"]) if match["for"] else 1.0
    if for_s < 1:
        raise ValueError(f"for {match['for']} is shorter than the one second between looks; write at least 1s")
    return for_s
