"""The border's addresses and routes: found and set by address, because interface names change between restarts."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

from harness.containers.border.config import Config
from harness.containers.border.ruleset import EDGE_ADDRESSES

_ARP = 0x0806
_BROADCAST = b"\xff" * 6


class NetError(Exception):
    """The container is not what the configuration describes; the message names the address."""


def find_devices(config: Config, patience_s: float = 10.0) -> dict[str, str]:
    """Link name -> interface name; waits for networks that are joined late, then NetError."""
    deadline = time.monotonic() + patience_s
    while True:
        present = {address: device for device, address in _addresses()}
        missing = [link for link in config.links if link.address not in present]
        if not missing:
            return {link.name: present[link.address] for link in config.links}
        if time.monotonic() > deadline:
            wanted = ", ".join(f"{link.address} ({link.name})" for link in missing)
            raise NetError(f"no interface has {wanted}; is the container in these networks?")
        time.sleep(0.1)


def set_up(config: Config, devices: dict[str, str]) -> None:
    """Gateway addresses, the route that makes edge addresses ours, routes to far addresses; no default route."""
    if Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() != "1":
        raise NetError("net.ipv4.ip_forward is 0; start the container with sysctl net.ipv4.ip_forward=1")
    for cell in config.cells:
        if cell.gateway:
            _ip("addr", "replace", f"{cell.gateway}/32", "dev", devices[cell.name])
    _ip("route", "replace", "local", EDGE_ADDRESSES, "dev", "lo")
    for route in config.routes:
        _ip("route", "replace", f"{route.to}/32", "via", route.via)
    subprocess.run(["ip", "route", "del", "default"], capture_output=True, check=False)


def announce(config: Config, devices: dict[str, str]) -> None:
    """Tells every neighbour our hardware address (gratuitous ARP): after a restart it may be another one."""
    for link in config.links:
        for address in filter(None, (link.address, link.gateway)):
            _gratuitous_arp(devices[link.name], address)


def incomplete_neighbours() -> set[str]:
    """Addresses that were asked for by ARP and did not answer."""
    lines = Path("/proc/net/arp").read_text().splitlines()[1:]
    return {fields[0] for fields in map(str.split, lines) if len(fields) > 2 and int(fields[2], 16) & 2 == 0}


def doubt_neighbour(address: str) -> None:
    """Makes the kernel ask a neighbour whether it is still there: three seconds instead of half a minute to know."""
    route: list[dict[str, Any]] = json.loads(_ip("-j", "route", "get", address))
    if "gateway" not in route[0]:
        words = ["ip", "neigh", "change", address, "dev", str(route[0]["dev"]), "nud", "probe"]
        subprocess.run(words, capture_output=True, check=False)  # there may be no entry to doubt


def _addresses() -> list[tuple[str, str]]:
    links: list[dict[str, Any]] = json.loads(_ip("-j", "addr"))
    return [(link["ifname"], info["local"]) for link in links for info in link.get("addr_info", ())]


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NetError(f"`ip {' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout


def _gratuitous_arp(device: str, address: str) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP)) as sender:
        sender.bind((device, _ARP))
        mac = sender.getsockname()[4]
        packed = socket.inet_aton(address)
        body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + packed + bytes(6) + packed
        sender.send(_BROADCAST + mac + struct.pack("!H", _ARP) + body)
