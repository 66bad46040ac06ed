"""A fault added by hand: the same words, targets and bounds as in a file, without load, phases or objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.faults.catalogue import acts_on
from harness.faults.contract import ActsOn
from harness.model.errors import InvalidFile, Problem
from harness.model.fault import Injection
from harness.model.plan import Limits
from harness.model.stack import Stack
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned, build_injections
from harness.spec.bind.load import Asked
from harness.spec.bind.timeline import build_timeline
from harness.spec.bounds import breaches
from harness.spec.clock import Clock
from harness.spec.document.check import check
from harness.spec.document.load import LoadDoc
from harness.spec.document.places import Problems
from harness.spec.document.types import empty
from harness.spec.document.yaml import read_document
from harness.spec.durations import shown
from harness.spec.quick import Quick, quick_text

LONGEST_S = 3600.0
ORIGINS = (("break", "TARGET"), ("how", "HOW"), ("for", "--for"))
HELD = (ActsOn.EDGES, ActsOn.FLAGS, ActsOn.SERVICES)
"""What a holder can hold."""


def fault_by_hand(
    quick: Quick, stack: Stack, limits: Sequence[Limits], held: Sequence[Injection], id_: str
) -> Injection:
    """The injection, from second 0 on, or InvalidFile with every problem at the argument that it comes from.

    `limits` are those of everything that runs on the stack, `held` what holds there now.
    """
    document = read_document(quick_text(quick).encode(), "fault add")
    problems = Problems(document.places)
    document.places.origins.update({(key,): option for key, option in ORIGINS})
    doc = check(document.data, problems)
    if doc is None or not isinstance(document.data, dict):
        raise InvalidFile(problems.found)
    b = Binding(doc, document.data, problems, stack)
    timeline = build_timeline(b, Clock(), Asked(empty(LoadDoc), (), ((0.0, 1.0),)))
    planned = build_injections(b, timeline)
    problems.raise_if_any()
    one = replace(planned[0].injection, id=id_, phase="held")
    _check(b, planned[0], one)
    for limit in limits:
        for breach in breaches(stack, limit, one, (*held, one)):
            b.add(planned[0].on_path if breach.of_target else planned[0].path, breach.message)
    problems.raise_if_any()
    return one


def _check(b: Binding, planned: Planned, one: Injection) -> None:
    if one.end_s > LONGEST_S:
        b.add(("for",), "a fault by hand holds for at most 1h; write a shorter time")
    if acts_on(one.fault) not in HELD:
        text = f"{shown(one.fault.kind)} cannot be held by hand"
        b.problems.found.append(Problem("HOW", 1, 1, f"{text}; use `regionfall break` for it"))
