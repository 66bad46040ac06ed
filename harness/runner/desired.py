"""Which faults should hold at one moment, and what each border must be told; pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from harness.faults.catalogue import acts_on, changes_of, effect_of, taken_at, type_of
from harness.faults.contract import ActsOn
from harness.model.act import ContainerAct
from harness.model.effect import Effect
from harness.model.fault import Injection
from harness.model.plan import Plan

GRACE_S = 0.5
"""The agent's own deadline stands this much behind the controller's, which heals first when it is alive."""


@dataclass(slots=True)
class Want:
    """The complete desired state of one border."""

    faults: dict[str, tuple[float, dict[str, Effect]]] = field(default_factory=dict)
    """Injection -> (seconds left, edge -> effect)."""
    flags: dict[str, tuple[float, dict[str, dict[str, Any]]]] = field(default_factory=dict)
    """Injection -> (seconds left, service -> flag -> value)."""

    @property
    def injections(self) -> set[str]:
        """Ids of all injections that this border takes part in."""
        return set(self.faults) | set(self.flags)


def holding_at(injections: Iterable[Injection], wall_s: float, off: Collection[str] = ()) -> Iterator[Injection]:
    """Injections whose window contains `wall_s`, without those in `off`."""
    return (i for i in injections if i.start_s <= wall_s < i.end_s and i.id not in off)


def desired(plan: Plan, wall_s: float, off: Collection[str] = ()) -> dict[str, Want]:
    """What every border should hold at `wall_s` from t=0, by region; regions without a fault are present and empty."""
    wants = {region: Want() for region in plan.stack.regions}
    edge_region = {edge.id: edge.caller_region for edge in plan.stack.edges}
    for injection in holding_at(plan.injections, wall_s, off):
        left_s = round(injection.end_s - wall_s + GRACE_S, 3)
        if acts_on(injection.fault) is ActsOn.FLAGS:
            flags = {name: json.loads(value) for name, value in injection.fault.flags}
            for service in injection.services:
                want = wants[plan.stack.service(service).region]
                want.flags.setdefault(injection.id, (left_s, {}))[1][service] = flags
            continue
        effect = effect_of(injection.fault, wall_s - injection.start_s)
        if effect is None:
            continue
        for edge in taken_at(injection, wall_s - injection.start_s):
            want = wants[edge_region[edge]]
            want.faults.setdefault(injection.id, (left_s, {}))[1][edge] = effect
    return wants


def acts_at(plan: Plan, wall_s: float, off: Collection[str] = ()) -> dict[str, tuple[float, dict[str, ContainerAct]]]:
    """What should be done to containers at `wall_s`: injection -> (seconds left, service -> act)."""
    acts: dict[str, tuple[float, dict[str, ContainerAct]]] = {}
    for injection in holding_at(plan.injections, wall_s, off):
        act = type_of(injection.fault).act
        if act is not None:
            left_s = round(injection.end_s - wall_s + GRACE_S, 3)
            acts[injection.id] = (left_s, dict.fromkeys(injection.services, act(injection.fault)))
    return acts


def changes_at(plan: Plan) -> list[float]:
    """Moments (wall seconds from t=0, sorted) at which the desired state changes, steps of ramps included."""
    moments: set[float] = set()
    for injection in plan.injections:
        moments |= {injection.start_s, injection.end_s}
        moments |= {injection.start_s + after for after in changes_of(injection.fault)}
    return sorted(moments)
