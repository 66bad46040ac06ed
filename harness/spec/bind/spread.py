"""`flap`, `ramp` and `gray` beside a fault: how it is spread over time and over its edges."""

from __future__ import annotations

from dataclasses import replace

from harness.faults.catalogue import type_of
from harness.faults.contract import ActsOn, FaultType, ParameterError
from harness.faults.spread import flap, gray, ramp
from harness.model.fault import Fault
from harness.model.stack import Edge
from harness.spec.bind.binding import Binding
from harness.spec.bind.timeline import Item
from harness.spec.targets import Selection


def spread_over_time(b: Binding, item: Item, type_: FaultType, fault: Fault, hold_s: float) -> Fault:
    """The fault with its flapping, if any is written; `hold_s` is wall time. Problems where it cannot be."""
    doc = item.symptom.flap
    if doc is None or not _acts_on_edges(b, item, type_, "flap"):
        return fault
    if type_.changes(fault):
        b.add((*item.path, "flap"), "a climb cannot flap; let the climb end first, as a fault of its own", key=True)
        return fault
    try:
        return replace(fault, flap=flap.build(doc.on, doc.on if doc.off is None else doc.off, hold_s))
    except ParameterError as error:
        inside = isinstance(b.at((*item.path, "flap")), dict)
        b.add((*item.path, "flap", *([error.name] if error.name and inside else [])), str(error))
        return fault


def spread_over_edges(b: Binding, item: Item, type_: FaultType, selection: Selection, name: str) -> tuple[Edge, ...]:
    """The edges that are hit, all of them without `gray`."""
    doc = item.symptom.gray
    if doc is None or not _acts_on_edges(b, item, type_, "gray"):
        return selection.edges
    share, of = (doc.callers, "callers") if doc.callers is not None else (doc.edges, "edges")
    path = (*item.path, "gray")
    if share is None or (doc.edges is not None and doc.callers is not None):
        b.add(path, "either a share of the edges or of the callers; write gray: 30%, or gray: {callers: 30%}", key=True)
        return selection.edges
    if share <= 0:
        b.add(path, "a share of 0 breaks nothing; write more than 0%")
        return selection.edges
    try:
        return gray.drawn(selection.edges, share, of, f"{b.seed}/{name}")
    except ParameterError as error:
        b.add(path, str(error))
        return selection.edges


def climbed(
    b: Binding, item: Item, fault: Fault, edges: tuple[Edge, ...], named: tuple[str, float]
) -> tuple[Fault, tuple[Edge, ...]]:
    """The fault with its ramp, if any is written, and its edges in the order in which they are taken.

    `named`: the injection and its hold in wall seconds.
    """
    doc, type_ = item.symptom.ramp, type_of(fault)
    if doc is None or not _acts_on_edges(b, item, type_, "ramp"):
        return fault, edges
    if type_.changes(fault) or fault.flap is not None:
        b.add((*item.path, "ramp"), "one change at a time: either a climb, flap or ramp", key=True)
        return fault, edges
    try:
        made = replace(fault, ramp=ramp.build(doc.over, doc.steps, named[1], len(edges)))
    except ParameterError as error:
        inside = isinstance(b.at((*item.path, "ramp")), dict)
        b.add((*item.path, "ramp", *([error.name] if error.name and inside else [])), str(error))
        return fault, edges
    return made, ramp.shuffled(edges, f"{b.seed}/{named[0]}/ramp")


def gray_words(edges: tuple[Edge, ...], selection: Selection) -> str:
    """`3 of 10 edges`, '' if all are hit."""
    return f"{len(edges)} of {len(selection.edges)} edges" if len(edges) < len(selection.edges) else ""


def _acts_on_edges(b: Binding, item: Item, type_: FaultType, key: str) -> bool:
    if type_.acts_on is ActsOn.EDGES:
        return True
    b.add((*item.path, key), f"{type_.kind} does not act on edges, so it has no {key}; remove the key", key=True)
    return False
