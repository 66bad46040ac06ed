"""What every binder gets: the document, the stack, and the list of problems to add to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from harness.faults.catalogue import CATALOGUE
from harness.faults.contract import FaultType
from harness.model.stack import Stack
from harness.spec.document.places import Path, Problems
from harness.spec.document.root import ExperimentDoc
from harness.spec.suggest import did_you_mean


@dataclass(slots=True)
class Binding:
    """`stack` is None where the Compose project could not be read: names are then not checked against it.

    `raw` is the document before broken parts were taken out, so that a name in a broken part still counts as known.
    """

    doc: ExperimentDoc
    raw: dict[str, Any]
    problems: Problems
    stack: Stack | None
    seed: int = 0
    """Of everything that is drawn while binding."""
    kinds: Mapping[str, FaultType] = field(default_factory=lambda: CATALOGUE)
    """Every fault that the file may name."""
    notes: list[str] = field(default_factory=list)
    folder: FilePath = FilePath()
    """Where the experiment file lies."""
    observed: bool = False
    """It is written while it happens: how long things last is not known, or no longer to be helped."""

    def add(self, path: Path, message: str, *, key: bool = False) -> None:
        """A problem at a place of the file."""
        self.problems.add(path, message, key=key)

    def line(self, path: Path) -> int:
        """The line of a place."""
        return self.problems.places.line(path)

    def column(self, path: Path) -> int:
        """The column of a place."""
        return self.problems.places.of(path)[2]

    def at(self, path: Path) -> object:
        """What is written at a place; None if nothing is."""
        node: object = self.raw
        for step in path:
            try:
                node = node[step]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return None
        return node

    def known(self, path: Path, what: str, name: str, names: Iterable[str]) -> bool:
        """Whether `name` is one of `names`; a problem with did-you-mean if not."""
        listed = list(names)
        if name in listed:
            return True
        self.add(path, f"unknown {what} {name!r}; {did_you_mean(name, listed)}")
        return False

    def written_phases(self) -> list[str]:
        """Names of all phases as written, broken ones included; steps are not phases."""
        return [str(item["phase"]) for item in self._items("timeline") if "phase" in item and "do" not in item]

    def written_fault_ids(self) -> list[str]:
        """Ids of all faults as written, broken ones included."""
        return [
            str(fault["id"])
            for item in self._items("timeline")
            for fault in _mappings(item.get("faults"))
            if "id" in fault
        ]

    def written_flows(self) -> list[str]:
        """Names of all flows as written, broken ones included."""
        load = self.raw.get("load")
        flows = load.get("flows") if isinstance(load, dict) else None
        return [str(name) for name in flows] if isinstance(flows, dict) else []

    def written_probes(self) -> list[str]:
        """Names of all probes as written, broken ones included."""
        probes = self.raw.get("probes")
        return [str(name) for name in probes] if isinstance(probes, dict) else []

    def _items(self, key: str) -> Iterator[dict[str, Any]]:
        return _mappings(self.raw.get(key))


def _mappings(value: object) -> Iterator[dict[str, Any]]:
    """The mappings in a list, or the one that stands for a list of one."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield item
