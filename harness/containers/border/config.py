"""What a border is told at its start: its cells, edges and forwards, as JSON in `REGIONFALL_BORDER`."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Endpoint = tuple[str, int]
"""IPv4 address and TCP port."""


def endpoint(text: str) -> Endpoint:
    """`"198.18.0.3:8080"` -> `("198.18.0.3", 8080)`."""
    address, _, port = text.rpartition(":")
    return address, int(port)


@dataclass(frozen=True, slots=True)
class Link:
    """One network that the border sits in. `gateway` is the address that guests use as default gateway."""

    name: str
    address: str
    prefix: int
    gateway: str = ""

    @property
    def network(self) -> ipaddress.IPv4Network:
        """The network that the address lies in."""
        return ipaddress.IPv4Network((self.address, self.prefix), strict=False)


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """A proxied dependency: listens on `listen:port`, leads to `upstream`, `standing_ms` away.

    `http`: HAProxy stands in front of its proxy, so that single requests can be struck.
    """

    id: str
    caller: str
    callee: str
    listen: str
    port: int
    upstream: Endpoint
    standing_ms: int = 0
    http: bool = False

    @property
    def at(self) -> Endpoint:
        """Where the caller connects to; the key of every packet set."""
        return self.listen, self.port

    @property
    def pair(self) -> str:
        """Caller and callee: whom a name is looked up by and what it names, whatever the port."""
        return f"{self.caller}->{self.callee}"

    @property
    def proxy(self) -> str:
        """The proxy's name: safe in the path of a Toxiproxy URL, unique for one caller."""
        return f"{self.callee}.{self.port}"


@dataclass(frozen=True, slots=True)
class Forward:
    """A crossing edge arriving from another border: `far:port` leads to `to` in one of our cells."""

    id: str
    callee: str
    far: str
    port: int
    to: Endpoint


@dataclass(frozen=True, slots=True)
class Route:
    """A far address and the border that answers for it."""

    to: str
    via: str


@dataclass(frozen=True, slots=True)
class Published:
    """A port for people on the front network: `listen` leads to `to`, which speaks `port` of `service`."""

    service: str
    port: int
    listen: int
    to: Endpoint


@dataclass(frozen=True, slots=True)
class FlagTarget:
    """A service that can be told to misbehave, at `url`."""

    service: str
    url: str


@dataclass(frozen=True, slots=True)
class Config:
    """One border, complete."""

    border: str
    cells: tuple[Link, ...]
    backbone: Link | None
    front: Link | None
    edges: tuple[EdgeConfig, ...]
    forwards: tuple[Forward, ...]
    routes: tuple[Route, ...]
    published: tuple[Published, ...]
    flags: tuple[FlagTarget, ...]
    names: Mapping[str, str]
    """Address -> service, of every guest and of every service that is called without being declared."""
    aliases: Mapping[str, tuple[str, ...]]
    """Service -> its other names."""
    own_names: Mapping[str, Mapping[str, str]]
    """Caller -> name that only it uses -> callee."""
    looked_up: frozenset[str]
    """`caller->callee` of every call whose name the caller asks for, instead of reading it in its hosts file."""

    datagrams: tuple[EdgeConfig, ...] = ()
    """UDP edges: the kernel leads them to `upstream`, no proxy stands in between."""
    datagram_forwards: tuple[Forward, ...] = ()

    def link_names(self, caller: str, callee: str) -> list[str]:
        """Names that only this caller has for a callee."""
        return [name for name, target in self.own_names.get(caller, {}).items() if target == callee]

    @property
    def links(self) -> tuple[Link, ...]:
        """Cells, backbone and front, as far as they exist."""
        return self.cells + tuple(link for link in (self.backbone, self.front) if link)

    @property
    def callers(self) -> tuple[str, ...]:
        """Callers in order of first appearance: one Toxiproxy each."""
        return tuple(dict.fromkeys(edge.caller for edge in self.edges))

    def near(self, address: str) -> bool:
        """Whether the address lies in one of our cells, so that we reach it without another border."""
        return any(ipaddress.IPv4Address(address) in cell.network for cell in self.cells)


def parse_config(text: str) -> Config:
    """The configuration out of its JSON text; ValueError, KeyError or TypeError if it is not one."""
    raw: dict[str, Any] = json.loads(text)
    return Config(
        border=str(raw["border"]),
        cells=tuple(_link(cell) for cell in raw.get("cells", ())),
        backbone=_link({"name": "backbone"} | raw["backbone"]) if raw.get("backbone") else None,
        front=_link({"name": "front"} | raw["front"]) if raw.get("front") else None,
        edges=tuple(_edges(raw.get("edges", ()))),
        forwards=tuple(_forwards(raw.get("forwards", ()))),
        routes=tuple(Route(str(route["to"]), str(route["via"])) for route in raw.get("routes", ())),
        published=tuple(
            Published(str(p.get("service", "")), int(p["port"]), int(p["listen"]), endpoint(p["to"]))
            for p in raw.get("published", ())
        ),
        flags=tuple(FlagTarget(str(flag["service"]), str(flag["url"])) for flag in raw.get("flags", ())),
        names={str(address): str(name) for address, name in raw.get("names", {}).items()},
        aliases={str(name): tuple(map(str, others)) for name, others in raw.get("aliases", {}).items()},
        own_names={str(caller): dict(names) for caller, names in raw.get("own_names", {}).items()},
        looked_up=frozenset(map(str, raw.get("looked_up", ()))),
        datagrams=tuple(_edges(raw.get("datagrams", ()))),
        datagram_forwards=tuple(_forwards(raw.get("datagram_forwards", ()))),
    )


def _link(raw: Mapping[str, Any]) -> Link:
    return Link(str(raw["name"]), str(raw["address"]), int(raw["prefix"]), str(raw.get("gateway", "")))


def _forwards(raws: Iterable[Mapping[str, Any]]) -> Iterable[Forward]:
    for raw in raws:
        yield Forward(str(raw["id"]), str(raw["callee"]), str(raw["far"]), int(raw["port"]), endpoint(raw["to"]))


def _edges(raws: Iterable[Mapping[str, Any]]) -> Iterable[EdgeConfig]:
    for raw in raws:
        yield EdgeConfig(
            id=str(raw["id"]),
            caller=str(raw["caller"]),
            callee=str(raw["callee"]),
            listen=str(raw["listen"]),
            port=int(raw["port"]),
            upstream=endpoint(raw["upstream"]),
            standing_ms=int(raw.get("standing_ms", 0)),
            http=bool(raw.get("http", False)),
        )
