"""What rendering a project gives: the file's text, and what the rest of the house must know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from harness.model.stack import Stack


@dataclass(frozen=True, slots=True)
class Published:
    """A guest's port that a border publishes for people on a free port of 127.0.0.1. `listen`: inside the border."""

    service: str
    port: int
    listen: int
    border: str
    protocol: str = "tcp"
    path: str = ""
    entry: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """A volume whose contents are copied before guests start."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Woven:
    """A rendered project, ready to be written down and started. `text` holds secrets: mode 0600."""

    name: str
    project: str
    home: Path
    run: str
    directory: Path
    text: str
    fingerprint: str
    """Of everything that matters to those who would use the running stack again: not of run id and addresses."""
    stack: Stack
    borders: Mapping[str, Mapping[str, Any]]
    """region -> the border's configuration."""
    border_services: Mapping[str, str]
    guests: tuple[str, ...]
    load: str | None
    subnets: tuple[IPv4Network, ...]
    published: tuple[Published, ...]
    requests: frozenset[str]
    """Ids of the edges on which single requests can be broken (HAProxy in front)."""
    looked_up: frozenset[tuple[str, str]]
    """(caller, callee) whose name is asked for, so that it can be broken."""
    builds: tuple[str, ...]
    """Services with a `build:` section."""
    images: Mapping[str, str]
    """service -> image that must be there before starting."""
    base: str
    copies: tuple[Copy, ...]
    shared: tuple[str, ...]
    """Names of the user's own volumes that must exist."""
    notes: tuple[str, ...]
    again: Callable[[Iterable[IPv4Network]], Woven] = field(compare=False, repr=False)
    """The same project rendered against other taken networks."""
