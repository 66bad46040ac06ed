"""A fault of a user's own -> the faults that it is made of, each an item of the file at the same place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import ValidationError

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import Asked, FaultType, ParameterError
from harness.model.units import duration_text
from harness.spec.bind.binding import Binding
from harness.spec.bind.timeline import Item
from harness.spec.document.timeline import FaultDoc, symptoms_of


def parts_of(b: Binding, item: Item, type_: FaultType, asked: Asked, start: float) -> Iterator[Item]:
    """Its parts with times on the timeline's clock; `start` is where the whole begins. Nothing after a problem."""
    assert type_.parts is not None
    try:
        written = [dict(part) for part in type_.parts(asked)]
    except ParameterError as error:
        b.add((*item.path, type_.kind, *filter(None, [error.name])), str(error), key=error.key)
        return
    except Exception as error:  # it is somebody else's code
        b.add(item.path, f"{type_.kind}: its Python failed with {type(error).__name__}: {error}")
        return
    if not written:
        b.add(item.path, f"{type_.kind} is made of nothing here; its Python gave no part")
    for number, part in enumerate(written, 1):
        doc = _read(b, item, f"part {number} of {type_.kind}", part)
        if doc is not None:
            yield from _placed(b, item, doc, asked.hold_s, start)


def _placed(b: Binding, item: Item, doc: FaultDoc, hold_s: float, start: float) -> Iterator[Item]:
    at = doc.at or 0.0
    length = hold_s - at if doc.for_ is None else doc.for_
    if at + length > hold_s + 1e-9 or length <= 0:
        span = f"{duration_text(at)} to {duration_text(at + max(length, 0))}"
        b.add(item.path, f"a part from {span} does not fit into the {duration_text(hold_s)} that the whole holds")
        return
    yield replace(item, symptom=doc, on=doc.on, id="", at=start + at, for_=length, until=None, part=True)


def _read(b: Binding, item: Item, name: str, part: Mapping[str, Any]) -> FaultDoc | None:
    try:
        doc: FaultDoc = _model().model_validate({"on": item.on, **part})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        b.add(item.path, f"{name} is no fault of the catalogue: {place}: {first['msg']}")
        return None
    return doc


@cache
def _model() -> Any:
    return symptoms_of(CATALOGUE.values()).fault
