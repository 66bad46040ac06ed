"""`do` items of the timeline -> steps at moments of wall time; every problem at its place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path as FilePath

from harness.model.step import Step, StepKind
from harness.model.units import duration_text
from harness.spec.bind.binding import Binding
from harness.spec.bind.load import ok_status
from harness.spec.bind.timeline import Timeline
from harness.spec.document.do import DoDoc
from harness.spec.document.places import Path
from harness.spec.document.timeline import PhaseDoc
from harness.spec.durations import shown
from harness.spec.suggest import did_you_mean

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
LONGEST_S = 600.0
_HTTP = re.compile(r"(?:(?P<method>[A-Za-z]+)\s+)?(?P<service>[A-Za-z0-9_.-]+):(?P<port>\d{1,5})(?P<path>/[!-~]*)?")


def build_steps(b: Binding, timeline: Timeline, *, allow_host: bool, directory: FilePath) -> tuple[Step, ...]:
    """All steps in order of time. `directory`: where host commands run."""
    found: list[Step] = []
    names = set(timeline.names)
    for index, item in enumerate(b.doc.timeline or ()):
        if item.do is None:
            continue
        path: Path = ("timeline", index)
        _check_item(b, path, item)
        if item.phase in names:
            b.add((*path, "phase"), f"the name {item.phase!r} is there twice; rename one")
        names.add(item.phase)
        step = _step(b, timeline, item, path, str(directory))
        if step.kind is StepKind.HOST and not allow_host:
            text = f"runs a command on this machine ({' '.join(step.run)})"
            b.add((*path, "do", "host"), f"{text}; allow it with --allow-host-commands", key=True)
        found.append(step)
    return tuple(sorted(found, key=lambda step: step.at_s))


def _check_item(b: Binding, path: Path, item: PhaseDoc) -> None:
    """A step happens at one moment, so it has no length and no faults."""
    for key, value in (("for", item.for_), ("until", item.until)):
        if value is not None:
            b.add((*path, key), f"a step has a moment (at) and a deadline, no {key!r}; remove it", key=True)
    if item.faults:
        b.add((*path, "faults"), "a step breaks nothing; give the faults a phase of their own", key=True)


def _step(b: Binding, timeline: Timeline, item: PhaseDoc, path: Path, directory: str) -> Step:
    do = item.do or DoDoc.model_validate({})
    at, phase = _moment(b, timeline, item, path)
    given = [kind for kind in StepKind if getattr(do, kind) is not None]
    where: Path = (*path, "do")
    if len(given) != 1:
        text = f"{' and '.join(given)} in one step; give each its own" if given else "no step"
        b.add(where, f'{text}; write one of http: "POST web:8080/path", exec: SERVICE with run: […], host: […]')
    kind = given[0] if given else StepKind.EXEC
    _check_keys(b, where, do, kind)
    if not 0.1 <= do.deadline <= LONGEST_S:
        b.add((*where, "deadline"), f"a deadline of {duration_text(do.deadline)}; write 100ms to 10m")
    step = Step(item.phase, kind, at, do.deadline, phase, line=b.line(path))
    if kind is StepKind.HTTP:
        return _http(b, where, do, step)
    words = do.run if kind is StepKind.EXEC else do.host or ()
    key = "run" if kind is StepKind.EXEC else "host"
    if given and not all(words[:1]):
        b.add((*where, key), f"no command; write {key}: [program, argument]")
    if given and not words:
        b.add(where, f"no command; write {key}: [program, argument]")
    if kind is StepKind.EXEC and do.exec is not None:
        _known(b, (*where, "exec"), do.exec)
    return replace(step, service=do.exec or "", run=words, directory=directory if kind is StepKind.HOST else "")


def _check_keys(b: Binding, where: Path, do: DoDoc, kind: StepKind) -> None:
    belongs = {"json": (StepKind.HTTP, do.body is not None), "ok": (StepKind.HTTP, "ok" in do.model_fields_set)}
    belongs["run"] = (StepKind.EXEC, bool(do.run))
    for key, (owner, there) in belongs.items():
        if there and owner is not kind:
            b.add((*where, key), f"{key!r} belongs to {owner}; remove it", key=True)


def _moment(b: Binding, timeline: Timeline, item: PhaseDoc, path: Path) -> tuple[float, str]:
    """Wall seconds from t=0, and the phase in which it falls."""
    if item.at is None:
        b.add(path, f"step {item.phase!r} does not say when; add at: 35s")
        return 0.0, ""
    window = next((one for one in timeline.windows if one.start <= item.at < one.end), None)
    if window is None:
        if not b.problems.any_broken("timeline"):
            end = max((one.end for one in timeline.windows), default=0.0)
            b.add(
                (*path, "at"),
                f"at {duration_text(item.at)} is outside the timeline, which ends at {duration_text(end)}",
            )
        return 0.0, ""
    wall = timeline.warp.wall(item.at)
    end = timeline.phases[-1].end_s
    deadline = item.do.deadline if item.do else 0.0
    if wall + deadline > end + 1e-9:
        text = (
            f"it may take {duration_text(deadline)}, but only {duration_text(round(end - wall, 2))} of the run are left"
        )
        b.add((*path, "do"), f"{text}; write a shorter deadline, or add a phase after it")
    return round(wall, 6), window.name


def _http(b: Binding, where: Path, do: DoDoc, step: Step) -> Step:
    match = _HTTP.fullmatch((do.http or "").strip()) if len(do.http or "") < 2000 else None
    if match is None or not 0 < int(match["port"]) < 65536:
        b.add(
            (*where, "http"), f'{shown(do.http)} is not METHOD service:port/path; write "POST web:8080/admin/failover"'
        )
        return step
    method = (match["method"] or "GET").upper()
    if method not in METHODS:
        b.add((*where, "http"), f"unknown method {method!r}; {did_you_mean(method, METHODS)}")
    body = json.dumps(do.body, ensure_ascii=False) if do.body is not None else ""
    if body and method in ("GET", "HEAD"):
        b.add((*where, "json"), f"a {method} has no body; use POST, PUT or PATCH, or remove json")
    _known(b, (*where, "http"), match["service"])
    status = ok_status(b, (*where, "ok", "status"), do.ok)
    port, path = int(match["port"]), match["path"] or "/"
    return replace(step, service=match["service"], port=port, method=method, path=path, body=body, ok_status=status)


def _known(b: Binding, where: Path, service: str) -> None:
    if b.stack is not None:
        b.known(where, "service", service, [one.name for one in b.stack.services])
