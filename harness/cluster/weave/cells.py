"""Cells: every service gets a network of its own, a `together` group shares one, the load has its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.model.stack import INTERNET, LOAD, Stack


@dataclass(frozen=True, slots=True)
class Cell:
    """One network and who lives in it, besides the border of `region`."""

    name: str
    region: str
    members: tuple[str, ...]

    @property
    def network(self) -> str:
        """Key of the network in the rendered file."""
        return f"cell-{self.name}"


def cells_of(stack: Stack) -> tuple[Cell, ...]:
    """All cells in the order of their first service; the load's cell last, if the stack has an entry."""
    groups: dict[str, list[str]] = {}
    region: dict[str, str] = {}
    taken = {service.name for service in stack.services}
    for service in stack.services:
        name = _free(f"group-{service.together}", taken) if service.together else service.name
        groups.setdefault(name, []).append(service.name)
        region[name] = service.region
    cells = [Cell(name, region[name], tuple(members)) for name, members in groups.items()]
    if INTERNET in stack.regions:
        cells.append(Cell(LOAD, INTERNET, (LOAD,)))
    return tuple(cells)


def border_services(stack: Stack) -> dict[str, str]:
    """region -> name of its border's service in the rendered file; never the name of a guest."""
    taken = {service.name for service in stack.services}
    names: dict[str, str] = {}
    for region in stack.regions:
        names[region] = _free(f"border-{region}", taken)
        taken.add(names[region])
    return names


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "-rf"
    return name
