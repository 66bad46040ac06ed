"""All faults by name: every module of this folder that has a `TYPE` is one. There is no list to keep."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module
from types import MappingProxyType

import harness.faults as folder
from harness.faults.contract import ActsOn, Family, FaultType
from harness.faults.spread import flap, gray, ramp
from harness.model.effect import Effect
from harness.model.errors import UsageError
from harness.model.fault import Fault, Injection

_FAMILIES = list(Family)


def _found() -> Iterable[FaultType]:
    for module in pkgutil.iter_modules(folder.__path__):
        type_ = getattr(import_module(f"{folder.__name__}.{module.name}"), "TYPE", None)
        if isinstance(type_, FaultType):
            yield type_


CATALOGUE = MappingProxyType(
    {type_.kind: type_ for type_ in sorted(_found(), key=lambda one: (_FAMILIES.index(one.family), one.kind))}
)
"""Kind -> its type, in the order in which people read them."""


SPREADS = (flap.SPREAD, ramp.SPREAD, gray.SPREAD)
"""What may stand beside any fault that acts on edges."""


def type_of(fault: Fault) -> FaultType:
    """The entry of a fault; UsageError for one that this version does not know (a run folder of another version)."""
    try:
        return CATALOGUE[fault.kind]
    except KeyError:
        text = f"this version knows no fault {fault.kind!r}; known: {', '.join(CATALOGUE)}"
        raise UsageError(f"{text}. Read the run with the version that wrote it") from None


def effect_of(fault: Fault, elapsed_s: float) -> Effect | None:
    """What `fault` does on each of its edges `elapsed_s` after its start; None if it does not act on edges."""
    effect = type_of(fault).effect(fault, elapsed_s)
    return Effect() if effect is not None and fault.flap and not flap.is_on(fault.flap, elapsed_s) else effect


def changes_of(fault: Fault) -> tuple[float, ...]:
    """Moments, seconds after its start, at which its effect changes."""
    own = {*type_of(fault).changes(fault)}
    own |= {*flap.changes(fault.flap)} if fault.flap else set()
    return tuple(sorted(own | ({*ramp.changes(fault.ramp)} if fault.ramp else set())))


def taken_at(injection: Injection, elapsed_s: float) -> tuple[str, ...]:
    """The edges that it has taken `elapsed_s` after its start: all, unless it takes them piece by piece."""
    climbing, edges = injection.fault.ramp, injection.edges
    if climbing is None:
        return edges
    return tuple(e for i, e in enumerate(edges) if ramp.begins(climbing, i, len(edges)) <= elapsed_s + 1e-9)


def acts_on(fault: Fault) -> ActsOn:
    """What it takes hold of."""
    return type_of(fault).acts_on


def cuts_all(fault: Fault) -> bool:
    """Whether nothing else can be seen on its edges while it holds."""
    return type_of(fault).full_cut and fault.share >= 1


def fault_words(fault: Fault) -> str:
    """A fault as people say it: `slow 1.5 s ± 800 ms, 35 % of new connections`."""
    spread = [f"on {fault.gray}"] if fault.gray else []
    spread += [f"flapping {flap.words(fault.flap)}"] if fault.flap else []
    spread += [ramp.words(fault.ramp)] if fault.ramp else []
    return ", ".join([type_of(fault).told(fault), *spread])
