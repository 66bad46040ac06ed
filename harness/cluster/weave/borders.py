"""The borders of a rendered project: what each must know (one JSON value), and its service in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from harness.cluster.weave.addresses import Layout, PlacedCell, Shared
from harness.cluster.weave.guests import link_names, names_of
from harness.cluster.weave.woven import Published
from harness.model.errors import ClusterError
from harness.model.stack import INTERNET, Edge, Stack

VARIABLE = "REGIONFALL_BORDER"
FIRST_LISTEN = 20000
_LONGEST = 120_000
"""Linux takes at most 128 KiB in one variable."""


def published_of(stack: Stack) -> tuple[Published, ...]:
    """Every port for people: entries, and what the user's file publishes; each a listener of its region's border."""
    found: list[Published] = []
    used: dict[str, int] = {}
    for service in stack.services:
        entry = service.entry
        ports = dict.fromkeys([entry.port] if entry else []) | dict.fromkeys(service.published)
        for port in ports:
            listen = FIRST_LISTEN + used.get(service.region, 0)
            used[service.region] = used.get(service.region, 0) + 1
            is_entry = entry is not None and port == entry.port
            protocol, path = (entry.protocol, entry.path) if entry and is_entry else ("tcp", "")
            found.append(Published(service.name, port, listen, service.region, protocol, path, is_entry))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Borders:
    """Configurations of all borders of one project."""

    stack: Stack
    layout: Layout
    published: Sequence[Published]
    services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The user's own services, for the names they go by."""
    looked_up: AbstractSet[tuple[str, str]] = frozenset()
    requests: AbstractSet[str] = frozenset()

    def config(self, region: str) -> dict[str, Any]:
        """What the border of `region` is told."""
        cells = [placed for placed in self.layout.cells if placed.cell.region == region]
        starts = [edge for edge in self.stack.edges if edge.caller_region == region]
        ends = [edge for edge in self.stack.edges if edge.callee_region == region and edge.crossing]
        return {
            "border": region,
            "cells": [_cell(placed) for placed in cells],
            "backbone": self._shared(self.layout.backbone, region),
            "edges": [self._edge(edge) for edge in starts if not edge.udp],
            "forwards": [self._forward(edge) for edge in ends if not edge.udp],
            "datagrams": [self._edge(edge) for edge in starts if edge.udp],
            "datagram_forwards": [self._forward(edge) for edge in ends if edge.udp],
            "routes": self._routes(starts),
            "published": [self._published(item) for item in self.published if item.border == region],
            "front": self._shared(self.layout.front, region),
            "flags": self._flags(region),
            "names": self._names(),
            "aliases": {name: others for name in self.services if (others := names_of(name, self.services[name])[1:])},
            "own_names": {name: links for name in self.services if (links := link_names(self.services[name]))},
            "looked_up": sorted(
                {edge.pair for edge in starts if not edge.udp and (edge.caller, edge.callee) in self.looked_up}
            ),
        }

    def _shared(self, shared: Shared | None, region: str) -> dict[str, Any] | None:
        if shared is None or region not in shared.regions:
            return None
        return {"address": str(shared.border(region)), "prefix": shared.subnet.prefixlen}

    def _edge(self, edge: Edge) -> dict[str, Any]:
        pair = (edge.caller, edge.callee)
        upstream = self.layout.far[pair] if edge.crossing else self._guest(edge.callee)
        return {
            "id": edge.id,
            "caller": edge.caller,
            "callee": edge.callee,
            "listen": str(self.layout.edges[pair]),
            "port": edge.port,
            "upstream": f"{upstream}:{edge.port}",
            "standing_ms": round(self.stack.distance_s(edge.caller_region, edge.callee_region) * 1000),
            "http": edge.id in self.requests,
        }

    def _forward(self, edge: Edge) -> dict[str, Any]:
        far = self.layout.far[(edge.caller, edge.callee)]
        to = f"{self._guest(edge.callee)}:{edge.port}"
        return {"id": edge.id, "callee": edge.callee, "far": str(far), "port": edge.port, "to": to}

    def _routes(self, edges: Iterable[Edge]) -> list[dict[str, str]]:
        backbone = self.layout.backbone
        if backbone is None:
            return []
        hops = {(edge.caller, edge.callee): edge.callee_region for edge in edges if edge.crossing}
        far = self.layout.far
        return [{"to": str(far[pair]), "via": str(backbone.border(region))} for pair, region in hops.items()]

    def _published(self, item: Published) -> dict[str, Any]:
        to = f"{self._guest(item.service)}:{item.port}"
        return {"port": item.port, "listen": item.listen, "to": to, "service": item.service}

    def _flags(self, region: str) -> list[dict[str, str]]:
        flagged = [service for service in self.stack.services if service.flags and service.region == region]
        return [
            {
                "service": service.name,
                "url": f"http://{self._guest(service.name)}:{service.flags.port}{service.flags.path}",
            }
            for service in flagged
            if service.flags
        ]

    def _names(self) -> dict[str, str]:
        lived = {str(placed.guest(name)): name for placed in self.layout.cells for name in placed.cell.members}
        return lived | {str(address): name for name, address in self.layout.names.items()}

    def _guest(self, service: str) -> str:
        return str(self.layout.home(service).guest(service))


def _cell(placed: PlacedCell) -> dict[str, Any]:
    return {
        "name": placed.cell.name,
        "gateway": str(placed.gateway),
        "address": str(placed.border),
        "prefix": placed.subnet.prefixlen,
    }


def border_service(
    config: Mapping[str, Any], layout: Layout, *, image: str, labels: Mapping[str, str]
) -> dict[str, Any]:
    """The border's service in the rendered file. Raises ClusterError when its configuration is too long."""
    text = json.dumps(config, separators=(",", ":"))
    if len(text) > _LONGEST:
        raise ClusterError(f"region {config['border']!r} has too many services and calls ({len(text)} bytes): split it")
    region = str(config["border"])
    cells = [placed for placed in layout.cells if placed.cell.region == region]
    networks: dict[str, Any] = {placed.cell.network: {"ipv4_address": str(placed.border)} for placed in cells}
    if config["backbone"]:
        networks["backbone"] = {"ipv4_address": config["backbone"]["address"]}
    if config["front"]:
        networks["front"] = {"ipv4_address": config["front"]["address"]}
    service: dict[str, Any] = {
        "image": image,
        "cap_add": ["NET_ADMIN", "NET_RAW"],
        "cpu_shares": _SHARES["border"],
        "environment": {VARIABLE: text},
        "init": False,
        "labels": dict(labels),
        "networks": networks,
        "restart": "no",
        "stop_grace_period": "1s",
        "sysctls": _SYSCTLS,
    }
    ports = [f"127.0.0.1::{item['listen']}" for item in config["published"]]
    return service | ({"ports": ports} if ports else {})


_SHARES = {"border": 4096, "load": 8192}
"""When processors are short (a guest has 1024 unless its file says otherwise), who measures must not slow down with
its victim, and a border that waits its turn would look like a fault."""

_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.tcp_syn_retries": "1",  # a dial to a callee that drops SYNs must not hold its accept loop for minutes
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.ip_local_port_range": "10240 65535",  # a proxy needs a source port for every connection it passes on
}


def load_service(layout: Layout, stack: Stack, *, image: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """The load generator's service: idles until it is told what to send, reaches the entries only."""
    home = next(placed for placed in layout.cells if placed.cell.region == INTERNET)
    name = home.cell.members[0]
    hosts = {edge.callee: layout.edges[(name, edge.callee)] for edge in stack.edges if edge.caller == name}
    return {
        "image": image,
        "command": ["sleep", "infinity"],
        "cpu_shares": _SHARES["load"],
        "extra_hosts": [f"{callee}:{address}" for callee, address in hosts.items()],
        "init": True,
        "labels": dict(labels),
        "networks": {home.cell.network: {"ipv4_address": str(home.guest(name))}},
        "restart": "no",
        "stop_grace_period": "1s",
        "sysctls": {"net.ipv4.ip_local_port_range": "10240 65535"},
    }
