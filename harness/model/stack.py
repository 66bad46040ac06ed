"""A Compose project as the harness sees it: services in regions, and the directed edges between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

INTERNET = "internet"
"""The pseudo-region of the load: client traffic crosses a border like any other."""

LOAD = "load"
"""Name of the caller of every entry edge: the load generator's cell."""

NO_REGION = "local"
"""Region of a service whose labels name none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where clients come in: container port, protocol word of the label, and the path that a flow asks by default."""

    port: int
    protocol: str = "http"
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Flags:
    """Where a service can be told to misbehave (label `regionfall.flags: "8080/__faults"`)."""

    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Service:
    """One Compose service. `together` names the group that shares its cell, '' for a cell of its own."""

    name: str
    region: str = NO_REGION
    role: str = ""
    entry: Entry | None = None
    flags: Flags | None = None
    protect: bool = False
    together: str = ""
    published: tuple[int, ...] = ()
    """Container ports that the user's file publishes; a border publishes them on free ports of 127.0.0.1."""
    labels: tuple[tuple[str, str], ...] = ()
    """All `regionfall.*` labels, for reports (strategy, expectation, …)."""
    disk: str = ""
    """Its size-limited volume, by its key in the Compose file: what a full disk fills. '' if it has none."""
    copy_of: str = ""
    """The service that the user's file runs several times and this is one copy of; '' for one that runs once."""

    def label(self, name: str, default: str = "") -> str:
        """The value of label `regionfall.<name>`."""
        return dict(self.labels).get(f"regionfall.{name}", default)


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A directed dependency `caller -> callee:port`; `tag` names an edge class ('' for none)."""

    caller: str
    callee: str
    port: int
    tag: str = ""
    caller_region: str = field(default=NO_REGION, compare=False)
    callee_region: str = field(default=NO_REGION, compare=False)
    http: bool = field(default=False, compare=False)
    """Whether HTTP is spoken on it, so that faults can act on single requests."""
    udp: bool = False
    """Datagrams: counted and cut, never slowed."""

    @property
    def id(self) -> str:
        """The edge's one name everywhere: `caller->callee:port`, of datagrams with `/udp` behind it."""
        return f"{self.caller}->{self.callee}:{self.port}{'/udp' if self.udp else ''}"

    @property
    def pair(self) -> str:
        """Caller and callee, whatever the port: who looks up whose name."""
        return f"{self.caller}->{self.callee}"

    @property
    def crossing(self) -> bool:
        """Whether caller and callee live in different regions."""
        return self.caller_region != self.callee_region

    @property
    def entry(self) -> bool:
        """Whether this is client traffic coming in."""
        return self.caller_region == INTERNET


@dataclass(frozen=True, slots=True)
class Stack:
    """Services, edges and distances of one project, entry edges of the load included."""

    project: str
    services: tuple[Service, ...]
    edges: tuple[Edge, ...]
    rtt_s: tuple[tuple[str, str, float], ...] = ()
    """Standing distance of two regions, each pair once, seconds of round trip."""
    files: tuple[str, ...] = ()
    protected_at: tuple[tuple[str, str], ...] = ()
    """Protected service -> `file:line` of the label that says so."""

    def service(self, name: str) -> Service:
        """The service called `name`; KeyError if there is none."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(name)

    def copies(self, name: str) -> tuple[str, ...]:
        """The copies of a service that runs several times, under the name that the user's file has; () for others."""
        return tuple(service.name for service in self.services if service.copy_of == name) if name else ()

    def edge(self, edge_id: str) -> Edge:
        """The edge with this id; KeyError if there is none."""
        for edge in self.edges:
            if edge.id == edge_id:
                return edge
        raise KeyError(edge_id)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions in order of first appearance, `internet` last if the stack has an entry."""
        names = dict.fromkeys(service.region for service in self.services)
        if any(edge.entry for edge in self.edges):
            names[INTERNET] = None
        return tuple(names)

    def calls(self, caller: str) -> Iterator[Edge]:
        """Edges that start at `caller`."""
        return (edge for edge in self.edges if edge.caller == caller)

    def distance_s(self, region_a: str, region_b: str) -> float:
        """Round-trip seconds that stand between two regions; 0 if the file names none."""
        for first, second, rtt in self.rtt_s:
            if {first, second} == {region_a, region_b}:
                return rtt
        return 0.0
