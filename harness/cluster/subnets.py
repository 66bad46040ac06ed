"""Networks that are in use: routes of this machine, and networks of the engine (ours have no route on the host)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Network

import docker

_WIDEST = 8
"""Routes wider than this are ways to the internet (VPN clients split the default route in two), not networks."""


def taken_networks(client: docker.DockerClient) -> tuple[IPv4Network, ...]:
    """Everything that a new network must not overlap, sorted."""
    return tuple(sorted({*host_routes(_route_text()), *_engine_networks(client)}))


def host_routes(text: str) -> Iterator[IPv4Network]:
    """The destinations in what `ip -j route` prints ('' if it cannot be run)."""
    for route in json.loads(text or "[]"):
        with suppress(ValueError, KeyError):
            network = IPv4Network(route["dst"], strict=False)
            if network.prefixlen >= _WIDEST:
                yield network


def _route_text() -> str:
    try:
        done = subprocess.run(
            ["ip", "-4", "-j", "route", "show", "table", "all"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return ""  # no iproute2: the engine still refuses a network that overlaps a route, and we try another block
    return done.stdout


def _engine_networks(client: docker.DockerClient) -> Iterable[IPv4Network]:
    for network in client.api.networks():
        for config in (network.get("IPAM") or {}).get("Config") or ():
            with suppress(ValueError, KeyError):
                yield IPv4Network(config["Subnet"], strict=False)
