"""One YAML file and one stack -> a Plan, or every problem with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.model.errors import InvalidFile, Problem, UsageError
from harness.model.plan import Plan
from harness.model.stack import Stack
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned, build_injections
from harness.spec.bind.load import Asked, ask, build_load
from harness.spec.bind.objectives import Subjects, build_objectives, build_steady, build_stops
from harness.spec.bind.probes import build_probes
from harness.spec.bind.radius import build_limits, check_radius
from harness.spec.bind.signature import build_signature
from harness.spec.bind.stack import build_environment, build_seed
from harness.spec.bind.steps import build_steps
from harness.spec.bind.timeline import Timeline, build_timeline
from harness.spec.clock import Clock
from harness.spec.document.check import check
from harness.spec.document.overrides import apply_overrides
from harness.spec.document.places import Problems
from harness.spec.document.root import ExperimentDoc
from harness.spec.document.yaml import read_document
from harness.spec.feasibility import feasibility
from harness.spec.plugins import kinds_for

ReadStack = Callable[[tuple[Path, ...] | None, Path], Stack]
"""(Compose files or None, directory that relative paths start from) -> Stack."""

SUFFIXES = (".chaos.yaml", ".chaos.yml", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line adds to a file. `origins`: places of parts that did not come from a file."""

    overrides: tuple[str, ...] = ()
    seed: int | None = None
    clock: str | None = None
    without_faults: bool = False
    allow_host: bool = False
    """Whether steps may run commands on this machine."""
    origins: tuple[tuple[str, str], ...] = field(default=())
    observed: bool = False
    """It is over: whatever it can or cannot show is the judge's to say."""


def load_experiment(
    path: Path,
    *,
    read_stack: ReadStack,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    clock: str | None = None,
    without_faults: bool = False,
    allow_host_commands: bool = False,
) -> Plan:
    """Read, check and bind one experiment file; nothing else is touched.

    `read_stack` is asked once. `overrides` are KEY.PATH=VALUE, `clock` is `120x` or `surge=60x,default=240x`.
    Raises InvalidFile with all problems of the file; errors of the environment (ClusterError) pass through.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidFile([Problem(str(path), 1, 1, f"cannot be read: {reason}; check the path")]) from None
    wish = Wish(tuple(overrides), seed, clock, without_faults, allow_host_commands)
    return plan_of(raw, path, read_stack, wish)


def plan_of(raw: bytes, path: Path, read_stack: ReadStack, wish: Wish) -> Plan:
    """The same from bytes; `path` names them and gives the directory that relative paths start from."""
    document = read_document(raw, str(path))
    problems = Problems(document.places)
    document.places.origins.update({(key,): option for key, option in wish.origins})
    kinds = kinds_for(document.data, path.absolute().parent, problems, allowed=wish.allow_host)
    if isinstance(document.data, dict):
        apply_overrides(document.data, wish.overrides, problems)
    doc = check(document.data, problems, kinds.values())
    if doc is None:
        raise InvalidFile(problems.found)
    stack = _stack(doc, path.absolute().parent, read_stack, problems)
    data: dict[str, Any] = document.data if isinstance(document.data, dict) else {}
    seed, folder = _seed(doc, wish, _digest(raw)), path.absolute().parent
    plan = _bind(
        Binding(doc, data, problems, stack, seed=seed, kinds=kinds, folder=folder, observed=wish.observed),
        raw,
        path,
        wish,
    )
    problems.raise_if_any()
    if plan is None:
        raise InvalidFile([Problem(str(path), 1, 1, "the stack could not be read; check the Compose project")])
    return plan


def _stack(doc: ExperimentDoc, directory: Path, read_stack: ReadStack, problems: Problems) -> Stack | None:
    """The stack, or None with the reason at the line that names the Compose files (else at 1:1)."""
    files = doc.stack.compose
    where = ("stack", "compose") if files is not None else ()
    if files is not None and not files:
        problems.add(where, "an empty list of Compose files; name one, or remove the key")
        return None
    if problems.any_broken("stack", "compose"):
        return None
    try:
        return read_stack(tuple(directory / name for name in files) if files is not None else None, directory)
    except InvalidFile as error:
        for problem in error.problems:
            problems.report(where, f"Compose project: {problem}")
    except UsageError as error:
        problems.report(where, f"Compose project: {error}")
    return None


def _bind(b: Binding, raw: bytes, path: Path, wish: Wish) -> Plan | None:
    clock = _clock(b, wish)
    asked = ask(b)
    timeline = build_timeline(b, clock, asked)
    load = build_load(b, asked, timeline.warp)
    steps = build_steps(b, timeline, allow_host=wish.allow_host, directory=path.absolute().parent)
    planned = build_injections(b, timeline)
    limits = build_limits(b)
    check_radius(b, planned, limits)
    probes = build_probes(b, allow_host=wish.allow_host)
    subjects = _subjects(b, asked, timeline, planned)
    objectives, steady = build_objectives(b, subjects), build_steady(b, subjects)
    signature = build_signature(b, subjects, timeline, planned)
    stops, environment = build_stops(b, subjects), build_environment(b, clock)
    if b.stack is None or b.problems.found:
        return None
    doc = b.doc
    plan = Plan(
        name=doc.name or _stem(path),
        title=doc.title,
        file=str(path),
        sha256=_digest(raw),
        seed=b.seed,
        stack=b.stack,
        load=load,
        warmup_s=asked.doc.warmup,
        phases=timeline.phases,
        injections=tuple(one.injection for one in planned),
        objectives=objectives,
        steady=steady,
        signature=signature,
        stops=stops,
        probes=probes,
        limits=limits,
        incident_clock=clock.incident,
        clock_default=clock.default,
        incident_t0=clock.t0,
        environment=environment,
        volumes=doc.stack.volumes,
        seed_exec=build_seed(b),
        steps=steps,
        notes=_notes(b, clock),
        tags=doc.tags,
        owner=doc.owner,
    )
    if not wish.observed:
        b.problems.found += [p for p in feasibility(plan).refused if p not in b.problems.found]
    return _control_arm(plan) if wish.without_faults else plan


def _control_arm(plan: Plan) -> Plan:
    return replace(plan, injections=(), left_out=plan.injections, without_faults=True)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _seed(doc: ExperimentDoc, wish: Wish, digest: str) -> int:
    if wish.seed is not None:
        return wish.seed
    return doc.seed if doc.seed is not None else int(digest[:8], 16)


def _stem(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return path.name.removesuffix(suffix) or path.name
    return path.name


def _clock(b: Binding, wish: Wish) -> Clock:
    doc = b.doc.clock
    clock = Clock(doc.default, doc.phases, doc.t0, incident=True) if doc is not None else Clock()
    if wish.clock is None:
        return clock
    b.problems.places.origins[("--clock",)] = f"--clock {wish.clock}"
    try:
        clock = clock.respell(wish.clock)
    except ValueError as error:
        b.problems.report(("--clock",), str(error))
    return clock


def _subjects(b: Binding, asked: Asked, timeline: Timeline, planned: list[Planned]) -> Subjects:
    """Default phases of objectives: those in which a fault holds, and all later ones; without any fault, all."""
    faulted = [
        any(p.injection.start_s < phase.end_s - 1e-9 and p.injection.end_s > phase.start_s + 1e-9 for p in planned)
        for phase in timeline.phases[1:]
    ]
    first = faulted.index(True) if any(faulted) else 0
    held = tuple(name for name, hit in zip(timeline.names, faulted, strict=True) if hit)
    known = tuple(dict.fromkeys([*(flow.name for flow in asked.flows), *b.written_flows()]))
    sure = b.stack is not None or bool(b.doc.load and b.doc.load.flows)
    return Subjects(asked.flows, timeline.names, timeline.names[first:], held, known if sure else ())


def _notes(b: Binding, clock: Clock) -> tuple[str, ...]:
    notes = list(b.notes)
    if clock.incident and any(value > 1 for value in (clock.default, *clock.phases.values())):
        notes.append(
            "Incident clock: what accumulates (backlogs, replacement at a rate) runs on wall time; such points claim"
            " order, not incident minutes."
        )
    brief = b.doc.brief
    for label, text in (("Why", brief.why), ("Expected", brief.expected), ("Runbook", brief.runbook)) if brief else ():
        if text:
            notes.append(f"{label}: {text}")
    return tuple(notes)
