"""A small shop in two regions, and loading an experiment from a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import LOAD, Edge, Entry, Flags, Service, Stack
from harness.spec.load import load_experiment

EAST, WEST, INTERNET = "us-east-1", "us-west-2", "internet"


def edge(caller: str, callee: str, port: int, regions: tuple[str, str] = (EAST, EAST), tag: str = "") -> Edge:
    """An edge with its regions."""
    return Edge(caller, callee, port, tag, *regions)


def shop_stack() -> Stack:
    """web, checkout, db, idp, mailer in the east; replica and static in the west; web and static are entries."""
    services = (
        Service("web", EAST, role="edge", entry=Entry(8080, "http", "/shop")),
        Service("checkout", EAST, role="dependent"),
        Service("db", EAST, role="datastore"),
        Service("idp", EAST, role="identity", flags=Flags(8080, "/__faults")),
        Service("mailer", EAST, role="queue"),
        Service("replica", WEST, role="datastore"),
        Service("static", WEST, role="edge", entry=Entry(8080)),
    )
    edges = (
        replace(edge(LOAD, "web", 8080, (INTERNET, EAST)), http=True),
        replace(edge(LOAD, "static", 8080, (INTERNET, WEST)), http=True),
        replace(edge("web", "checkout", 8080), http=True),
        edge("web", "idp", 8080),
        edge("checkout", "db", 5432),
        edge("checkout", "db", 9187),
        edge("checkout", "idp", 8080, tag="bridge"),
        edge("checkout", "mailer", 25, tag="bridge"),
        edge("db", "replica", 5432, (EAST, WEST)),
        edge("static", "idp", 8080, (WEST, EAST), tag="bridge"),
    )
    return Stack("shop", services, edges, ((EAST, WEST, 0.065),), ("compose.yaml",))


@pytest.fixture
def shop() -> Stack:
    """The stack of the shop."""
    return shop_stack()


Load = Callable[..., Plan]


@pytest.fixture
def load(tmp_path: Path, shop: Stack) -> Load:
    """Loads an experiment from its text, bound to the shop."""

    def loading(text: str | bytes, **options: object) -> Plan:
        path = tmp_path / "first.chaos.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_experiment(path, read_stack=lambda files, directory: shop, **options)  # type: ignore[arg-type]

    return loading


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """What is wrong with a text: `line:column message` for each problem, in order."""

    def listing(text: str | bytes, **options: object) -> list[str]:
        with pytest.raises(InvalidFile) as caught:
            load(text, **options)
        return [
            f"{p.line}:{p.column} {p.message}" if p.file.endswith("first.chaos.yaml") else f"{p.file}: {p.message}"
            for p in caught.value.problems
        ]

    return listing
