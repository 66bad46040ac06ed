"""`signature` -> checks: was it the outage that it claims to be?"""

from __future__ import annotations

from typing import Any

from harness.model.objective import Limit, Role, SignatureCheck, Tag
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned
from harness.spec.bind.objectives import Subjects, check_after, check_metric, phases_of, subject_of
from harness.spec.bind.timeline import Timeline
from harness.spec.document.expect import limits_of
from harness.spec.document.places import Path
from harness.spec.metrics import METRICS, Value
from harness.spec.suggest import did_you_mean


def build_signature(
    b: Binding, subjects: Subjects, timeline: Timeline, planned: list[Planned]
) -> tuple[SignatureCheck, ...]:
    """All checks of the file, names checked."""
    found = []
    for index, doc in enumerate(b.doc.signature):
        path: Path = ("signature", index)
        needs = _needs(b, doc, path, planned)
        if doc.order is not None:
            found.append(_order(b, subjects, doc, path, needs))
            continue
        default = _default_phases(doc, timeline, planned, needs)
        check = _check(b, subjects, doc, path, (needs, default))
        if check is not None:
            found.append(check)
    return tuple(found)


def _needs(b: Binding, doc: Any, path: Path, planned: list[Planned]) -> tuple[str, ...]:
    needs = tuple(doc.needs or ())
    if doc.role == "effect" and not needs:
        b.add(path, "an effect check names the faults that it cannot be seen without; add needs: [id]")
    if doc.role == "invariant" and doc.needs is not None:
        b.add((*path, "needs"), "an invariant holds with and without faults and needs none; remove needs", key=True)
    ids = [one.injection.id for one in planned]
    for index, name in enumerate(needs):
        if name in needs[:index]:
            b.add((*path, "needs", index), f"{name!r} is there twice; keep one")
        elif name not in b.written_fault_ids() and not (b.stack is None or b.problems.any_broken("timeline")):
            b.notes.append(_left_out(b.line((*path, "needs", index)), name, ids))
    return needs


def _left_out(line: int, name: str, ids: list[str]) -> str:
    """A file from which a fault was taken out is still a question: what is not seen without it?"""
    return (
        f"Line {line} needs {name!r}, which no fault here is called: it cannot be observed; {did_you_mean(name, ids)}"
    )


def _order(b: Binding, subjects: Subjects, doc: Any, path: Path, needs: tuple[str, ...]) -> SignatureCheck:
    flows = tuple(doc.order)
    for key in ("flow", "edge", "phases", "after", *limits_of(doc)):
        if getattr(doc, key) is not None:
            b.add((*path, key), f"an order of recoveries has no {key!r}; make it a check of its own", key=True)
    if len(set(flows)) < 2 or len(set(flows)) != len(flows):
        b.add((*path, "order"), "an order names at least two flows, each once")
    for index, flow in enumerate(flows):
        if subjects.known_flows:
            b.known((*path, "order", index), "flow", flow, subjects.known_flows)
    return SignatureCheck(
        doc.point, Role(doc.role), Tag(doc.tag), order=flows, needs=needs, source=_source(doc), line=b.line(path)
    )


def _check(
    b: Binding, subjects: Subjects, doc: Any, path: Path, scope: tuple[tuple[str, ...], tuple[str, ...]]
) -> SignatureCheck | None:
    needs, default = scope
    limits = limits_of(doc)
    given = [key for key in ("flow", "edge") if getattr(doc, key) is not None]
    if len(given) != 1:
        b.add(path, "a check looks at one flow, one edge, or an order of flows; name exactly one of them")
    if len(limits) != 1:
        found = f"it has {', '.join(limits)}" if limits else "it has none"
        b.add(path, f'a check has exactly one metric with a limit, as in availability: ">= 99%"; {found}')
    if len(given) != 1 or len(limits) != 1:
        return None
    name, (metric, limit) = str(getattr(doc, given[0])), next(iter(limits.items()))
    subject = _subject(b, subjects, name, given[0], path)
    check_after(b, subjects, doc, limits, path)
    if not check_metric(b, (*path, metric), "->" if given[0] == "edge" else name, metric):
        return None
    if METRICS[metric].recovery and doc.phases is not None:
        b.add((*path, "phases"), "recovery is not scoped to phases; remove phases", key=True)
    phases = default if doc.phases is None else phases_of(b, subjects, doc.phases, (*path, "phases"))
    return _built(doc, (subject, metric, limit), phases, needs, b.line(path))


def _built(
    doc: Any, what: tuple[str, str, Limit], phases: tuple[str, ...], needs: tuple[str, ...], line: int
) -> SignatureCheck:
    metric = METRICS[what[1]]
    return SignatureCheck(
        point=doc.point,
        role=Role(doc.role),
        tag=Tag(doc.tag),
        subject=what[0],
        metric=what[1],
        limit=what[2],
        phases=() if metric.recovery else phases,
        after=(doc.after or "") if metric.value is Value.WITHIN else "",
        needs=needs,
        source=_source(doc),
        line=line,
    )


def _subject(b: Binding, subjects: Subjects, name: str, kind: str, path: Path) -> str:
    if kind == "edge" and "->" not in name:
        b.add((*path, "edge"), f"{name!r} is not an edge; write caller->callee or caller->callee:port")
        return name
    if kind == "flow" and subjects.known_flows:
        b.known((*path, "flow"), "flow", name, subjects.known_flows)
        return name
    return subject_of(b, subjects, name, (*path, kind)) if kind == "edge" else name


def _default_phases(doc: Any, timeline: Timeline, planned: list[Planned], needs: tuple[str, ...]) -> tuple[str, ...]:
    """Invariant: the whole timeline. Effect: the phases in which something that it needs holds."""
    if doc.role == "invariant" or not needs:
        return timeline.names
    spans = [(one.injection.start_s, one.injection.end_s) for one in planned if one.injection.id in needs]
    held = tuple(
        phase.name
        for phase in timeline.phases[1:]
        if any(start < phase.end_s - 1e-9 and end > phase.start_s + 1e-9 for start, end in spans)
    )
    return held or timeline.names


def _source(doc: Any) -> str:
    return " ".join(part for part in (doc.source, f"[{doc.grade}]" if doc.grade else "") if part)
