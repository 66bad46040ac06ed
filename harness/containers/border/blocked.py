"""Calls that no edge declares: refused by the packet filter, counted there, named here. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DNS = 53
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp"}

Counters = Mapping[tuple[Any, ...], tuple[int, int]]


def blocked_rows(
    ports: Counters, others: Counters, asked: Mapping[tuple[str, str, str], int], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows `caller to port proto name n`, the most frequent first.

    `ports` is keyed on source, target, protocol and port, `others` (protocols without ports) on the first three,
    `asked` on guest, name server and the name asked for. A look-up is listed by its name instead of its server.
    """
    rows = []
    looked_up = {(guest, server) for guest, server, _ in asked}
    for (source, target, protocol, port), (packets, _) in ports.items():
        if not (port == _DNS and (source, target) in looked_up):
            rows.append(_row(names, source, target, int(port), _protocol(protocol)) | {"n": packets})
    for (source, target, protocol), (packets, _) in others.items():
        rows.append(_row(names, source, target, 0, _protocol(protocol)) | {"n": packets})
    for (guest, server, name), count in asked.items():
        rows.append(_row(names, guest, server, _DNS, "dns") | {"name": name, "n": count})
    return sorted(rows, key=lambda row: (-int(row["n"]), str(row["caller"]), str(row["to"])))


def _row(names: Mapping[str, str], source: str, target: str, port: int, protocol: str) -> dict[str, Any]:
    caller, name = names.get(source, source), names.get(target, "")
    return {"caller": caller, "to": target, "port": port, "proto": protocol, "name": name}


def _protocol(value: Any) -> str:
    return _PROTOCOLS.get(value, str(value))
