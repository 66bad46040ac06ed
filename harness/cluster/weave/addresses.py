"""Addresses: one aligned block of 198.18.0.0/16 for a project's networks, fixed ranges for edges.

198.18.0.0/15 is set aside for benchmarks (RFC 2544), so real networks avoid it; some VPN tools do not. Only networks
touch the host, so only the block is chosen against what the host and the engine already use. Edge, far and name
addresses live on the borders alone and may be the same in every project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from harness.cluster.weave.cells import Cell
from harness.model.errors import ClusterError
from harness.model.stack import Stack

POOL = IPv4Network("198.18.0.0/16")
EDGES = IPv4Network("198.19.0.0/17")
FAR = IPv4Network("198.19.128.0/18")
NAMES = IPv4Network("198.19.255.0/24")
MANY_NAMES = IPv4Network("198.19.254.0/23")
_SMALLEST_CELL = 29
_SMALLEST_SHARED = 28
_RESERVED = 4
"""Network address, gateway, border, broadcast."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class PlacedCell:
    """A cell with its addresses: the gateway is the first host address, the border the second, then the guests."""

    cell: Cell
    subnet: IPv4Network

    @property
    def gateway(self) -> IPv4Address:
        """Default gateway of the cell; the border takes it on."""
        return self.subnet[1]

    @property
    def border(self) -> IPv4Address:
        """The border's own address in the cell."""
        return self.subnet[2]

    def guest(self, service: str) -> IPv4Address:
        """The fixed address of one member."""
        return self.subnet[3 + self.cell.members.index(service)]


@dataclass(frozen=True, slots=True)
class Shared:
    """A network that several borders join (backbone, front): one fixed address per region."""

    subnet: IPv4Network
    regions: tuple[str, ...]

    @property
    def gateway(self) -> IPv4Address:
        """First host address."""
        return self.subnet[1]

    def border(self, region: str) -> IPv4Address:
        """The address of one region's border."""
        return self.subnet[2 + self.regions.index(region)]


@dataclass(frozen=True, slots=True)
class Layout:
    """Every address of one rendered project."""

    cells: tuple[PlacedCell, ...]
    backbone: Shared | None
    front: Shared | None
    edges: Mapping[tuple[str, str], IPv4Address]
    """(caller, callee) -> where the caller reaches the callee."""
    far: Mapping[tuple[str, str], IPv4Address]
    """(caller, callee) of crossing edges -> address at the callee's border."""
    names: Mapping[str, IPv4Address]
    """service -> where an undeclared call to it goes: no border serves it."""

    def home(self, service: str) -> PlacedCell:
        """The cell that a service lives in."""
        return next(placed for placed in self.cells if service in placed.cell.members)

    @property
    def subnets(self) -> tuple[IPv4Network, ...]:
        """All networks that the engine will make."""
        shared = [network.subnet for network in (self.backbone, self.front) if network]
        return (*(placed.subnet for placed in self.cells), *shared)


def lay_out(
    stack: Stack, cells: Sequence[Cell], *, front: Sequence[str], key: str, taken: Iterable[IPv4Network]
) -> Layout:
    """Give every cell, border and edge its address; the same for the same stack, `key` and free space.

    `front` names the regions whose border publishes something. Raises ClusterError when no room is left.
    """
    crossing = sorted({(edge.caller, edge.callee) for edge in stack.edges if edge.crossing})
    pairs = sorted({(edge.caller, edge.callee) for edge in stack.edges})
    regions = stack.regions if crossing else ()
    sizes = [_prefix(len(cell.members), _SMALLEST_CELL) for cell in cells]
    sizes += [_prefix(len(who), _SMALLEST_SHARED) for who in (regions, front) if who]
    subnets = list(_packed(sizes, key, taken))
    names = [service.name for service in stack.services]
    placed = tuple(PlacedCell(cell, subnet) for cell, subnet in zip(cells, subnets, strict=False))
    rest = iter(subnets[len(cells) :])
    return Layout(
        cells=placed,
        backbone=Shared(next(rest), tuple(regions)) if regions else None,
        front=Shared(next(rest), tuple(front)) if front else None,
        edges=_numbered(pairs, EDGES, "edges"),
        far=_numbered(crossing, FAR, "edges between regions"),
        names=_numbered(names, NAMES if len(names) < 250 else MANY_NAMES, "services"),
    )


def _prefix(members: int, smallest: int) -> int:
    needed = members + _RESERVED
    return min(smallest, 32 - (needed - 1).bit_length())


def _packed(sizes: Sequence[int], key: str, taken: Iterable[IPv4Network]) -> Iterator[IPv4Network]:
    """Subnets of these prefix lengths, in their order, inside one free block (largest first keeps them aligned)."""
    offsets: dict[int, int] = {}
    used = 0
    for index in sorted(range(len(sizes)), key=lambda i: (sizes[i], i)):
        offsets[index] = used
        used += 1 << (32 - sizes[index])
    block = _block(used, key, list(taken))
    for index, size in enumerate(sizes):
        yield IPv4Network((int(block.network_address) + offsets[index], size))


def _block(size: int, key: str, taken: Sequence[IPv4Network]) -> IPv4Network:
    """The first free aligned block from a starting point that depends on `key`, so that a project keeps its own."""
    prefix = 32 - (size - 1).bit_length()
    if prefix < POOL.prefixlen:
        raise ClusterError(f"the project needs {size} addresses; {POOL} has {POOL.num_addresses}: use fewer services")
    count = 1 << (prefix - POOL.prefixlen)
    start = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    for step in range(count):
        block = IPv4Network((int(POOL.network_address) + ((start + step) % count << (32 - prefix)), prefix))
        if not any(block.overlaps(other) for other in taken):
            return block
    blocking = ", ".join(str(network) for network in taken if network.overlaps(POOL))
    raise ClusterError(
        f"no free block of {size} addresses in {POOL}: in use are {blocking}\n"
        "  next: `regionfall down` in the folders of other runs, or remove the route (`ip route`)"
    )


def _numbered(keys: Sequence[Key], network: IPv4Network, what: str) -> dict[Key, IPv4Address]:
    if len(keys) > network.num_addresses - 2:
        raise ClusterError(f"{len(keys)} {what} do not fit {network}: use a smaller project")
    return {key: network[1 + index] for index, key in enumerate(keys)}
