"""Who asks for which name gets which address. Pure.

A declared callee leads to the caller's own edge address, any other service of the project to an address where calls
are refused and counted. Names from outside the project are not in the book.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from harness.containers.border.config import Config

NOWHERE = ipaddress.IPv4Network("198.19.254.0/23")
"""Where undeclared calls to services of the project go."""
SILENT = ipaddress.IPv4Network("198.19.192.0/19")
"""Dead addresses that never answer: one for each caller and callee."""
REFUSING = ipaddress.IPv4Network("198.19.224.0/20")
"""Dead addresses where every port is closed."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One name for one guest. `pair` is `caller->callee` of a declared call, '' for an undeclared one.

    `others`: further callees that go by the same name, as copies of one service do.
    """

    address: str
    pair: str = ""
    silent: str = ""
    refusing: str = ""
    others: tuple[Listed, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the name leads to: one address for each callee that goes by it."""
        return (self.address, *(other.address for other in self.others))

    @property
    def pairs(self) -> tuple[str, ...]:
        """`caller->callee` of each of them."""
        return (self.pair, *(other.pair for other in self.others))

    def beside(self, other: Listed) -> Listed:
        """This name when it stands for another callee as well."""
        return self if other.pair in self.pairs else replace(self, others=(*self.others, other))


class Book:
    """All names of one border, by the address of the guest that asks."""

    def __init__(self, config: Config) -> None:
        self._callers = {address: service for address, service in config.names.items() if not _nowhere(address)}
        self._all = _undeclared(config)
        self._declared: dict[str, dict[str, Listed]] = {}
        self.pairs = pairs_of(config)
        for caller, callee, listed in self.pairs.values():
            names = self._declared.setdefault(caller, {})
            for name in (callee, *config.aliases.get(callee, ()), *config.link_names(caller, callee)):
                known = names.get(name.lower())
                names[name.lower()] = known.beside(listed) if known else listed

    def find(self, guest: str, name: str) -> Listed | None:
        """What `name` (lower case) is for the guest at this address; None if it is not in the project."""
        declared = self._declared.get(self._callers.get(guest, ""), {})
        return declared.get(name) or self._all.get(name)


def pairs_of(config: Config) -> dict[str, tuple[str, str, Listed]]:
    """`caller->callee` -> caller, callee, and what the callee's name stands for; in the order of the edges."""
    found: dict[str, tuple[str, str, Listed]] = {}
    for edge in config.edges:
        if edge.pair not in found:
            number = len(found) + 1
            listed = Listed(edge.listen, edge.pair, str(SILENT[number]), str(REFUSING[number]))
            found[edge.pair] = edge.caller, edge.callee, listed
    return found


def _undeclared(config: Config) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    for address, service in config.names.items():
        if _nowhere(address):
            for name in (service, *config.aliases.get(service, ())):
                found.setdefault(name.lower(), Listed(address))
    return found


def _nowhere(address: str) -> bool:
    return ipaddress.IPv4Address(address) in NOWHERE
