"""Blast radius: protected services, the file's own limits, and faults that cannot be told apart."""

from __future__ import annotations

from pathlib import Path

from harness.faults.catalogue import acts_on
from harness.faults.contract import ActsOn
from harness.model.plan import Limits
from harness.model.stack import INTERNET
from harness.spec.bind.binding import Binding
from harness.spec.bind.faults import Planned
from harness.spec.bind.together import check_together
from harness.spec.bounds import breaches


def build_limits(b: Binding) -> Limits:
    """The file's limits, names checked; protected services of the labels included."""
    doc = b.doc.limits
    labelled = [service.name for service in b.stack.services if service.protect] if b.stack else []
    if b.stack is not None:
        services = [service.name for service in b.stack.services]
        regions = [region for region in b.stack.regions if region != INTERNET]
        for index, name in enumerate(doc.regions or ()):
            b.known(("limits", "regions", index), "region", name, regions)
        for key, names in (("services", doc.services), ("protect", doc.protect)):
            for index, name in enumerate(names or ()):
                b.known(("limits", key, index), "service", name, services)
    protect = tuple(dict.fromkeys([*(doc.protect or ()), *labelled]))
    return Limits(doc.regions or (), doc.services or (), doc.edges, doc.faults, doc.for_, protect, _declared(b))


def _declared(b: Binding) -> tuple[tuple[str, str], ...]:
    """Which line declares each limit: of the file, or the label that protects a service."""
    doc = b.doc.limits
    written: dict[str, object] = {"regions": doc.regions, "services": doc.services, "edges": doc.edges}
    written |= {"faults": doc.faults, "for": doc.for_}
    found = {f"protect {name}": place for name, place in (b.stack.protected_at if b.stack else ())}
    found |= {key: _place(b, key) for key, value in written.items() if value is not None}
    found |= {f"protect {name}": _place(b, "protect", index) for index, name in enumerate(doc.protect or ())}
    return tuple(found.items())


def _place(b: Binding, *path: str | int) -> str:
    file, line, _ = b.problems.places.of(("limits", *path))
    return f"{Path(file).name}:{line}"


def check_radius(b: Binding, planned: list[Planned], limits: Limits) -> None:
    """Problems for everything that breaks more than it may, or that cannot hold together."""
    if b.stack is None:
        return
    for one in planned:
        together = [other.injection for other in _holding(planned, one.injection.start_s)]
        for breach in breaches(b.stack, limits, one.injection, together):
            b.add(one.on_path if breach.of_target else one.path, breach.message)
    check_together(b, planned)
    _check_flags(b, planned)
    _check_containers(b, planned)


def _holding(planned: list[Planned], moment: float) -> list[Planned]:
    return [one for one in planned if one.injection.start_s <= moment < one.injection.end_s]


def _check_flags(b: Binding, planned: list[Planned]) -> None:
    """One service cannot be told two values of one flag at once."""
    for one in planned:
        for other in _holding(planned, one.injection.start_s):
            told, also = dict(one.injection.fault.flags), dict(other.injection.fault.flags)
            services = [name for name in one.injection.services if name in other.injection.services]
            flags = [flag for flag in told if flag in also and told[flag] != also[flag]]
            if other is not one and services and flags:
                text = f"{services[0]} would be told {flags[0]} = {told[flags[0]]} by {one.injection.id!r}"
                also_text = f"and {also[flags[0]]} by {other.injection.id!r} at the same time"
                b.add(one.path, f"{text} {also_text}; let one end before the other begins")


def _check_containers(b: Binding, planned: list[Planned]) -> None:
    """One container, one fault at a time: two undos could not be told apart."""
    on_containers = [one for one in planned if acts_on(one.injection.fault) is ActsOn.SERVICES]
    for one in on_containers:
        for other in _holding(on_containers, one.injection.start_s):
            both = [name for name in one.injection.services if name in other.injection.services]
            if other is not one and both:
                text = f"{one.injection.id!r} and {other.injection.id!r} would harm the container of {both[0]} at once"
                b.add(one.path, f"{text}; let one end before the other begins")
