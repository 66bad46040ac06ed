"""Bounds at the moment of injection: the plan's limits, and what running containers say of themselves by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness.model.fault import Injection
from harness.model.plan import Plan
from harness.runner.injector import Forbidden
from harness.spec.bounds import breaches


def bounds_of(plan: Plan, protected: Callable[[], frozenset[str]]) -> Forbidden:
    """Answers why an injection may not begin now; '' if it may."""

    def forbidden(one: Injection, together: tuple[Injection, ...]) -> str:
        known = plan.limits.protect
        limits = replace(plan.limits, protect=(*known, *sorted(protected() - set(known))))
        return "; ".join(breach.message for breach in breaches(plan.stack, limits, one, together))

    return forbidden
