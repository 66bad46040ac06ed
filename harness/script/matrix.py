"""Every fault on every edge, for parametrised tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One fault on one target: `chaos.inject(case.edge, **case.how)`."""

    edge: str
    faults: tuple[tuple[str, Any], ...]

    @property
    def how(self) -> dict[str, Any]:
        """The symptom, as keywords of `inject`."""
        return dict(self.faults)

    def __str__(self) -> str:
        words = [kind if value is True else f"{kind}-{_short(value)}" for kind, value in self.faults]
        return f"{self.edge}-{'-'.join(words)}"


def matrix(*, edges: Iterable[str], faults: Iterable[str | Mapping[str, Any]]) -> list[Case]:
    """`@pytest.mark.parametrize("case", harness.matrix(edges=[…], faults=["kill", {"slow": "300ms"}]), ids=str)`.

    Edges first, in the order given; `cluster.edges` lists those of a stack.
    """
    hows = [{fault: True} if isinstance(fault, str) else dict(fault) for fault in faults]
    return [Case(edge, tuple(how.items())) for edge in edges for how in hows]


def _short(value: Any) -> str:
    return "-".join(f"{key}-{item}" for key, item in value.items()) if isinstance(value, Mapping) else str(value)
