"""What should hold: acts of several owners, each with a deadline, each owner with a lease. Pure; time is passed in.

All times are seconds of CLOCK_MONOTONIC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.act import ContainerAct


@dataclass(slots=True)
class Wish:
    """One injection: an act on each of its services, until its own deadline."""

    id: str
    until: float
    services: dict[str, ContainerAct]
    lost: str = ""
    """Why it stopped holding although nobody asked for that; '' while it holds."""


@dataclass(slots=True)
class Owner:
    """One control connection and what it wants."""

    name: str
    lease_until: float
    wishes: dict[str, Wish] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    """Injections that were taken away although nobody of this connection asked for it, and why."""

    @property
    def lost(self) -> dict[str, str]:
        """Injection -> why it does not hold any more."""
        return self.dropped | {wish.id: wish.lost for wish in self.wishes.values() if wish.lost}


class Desired:
    """All wishes of all owners. Not locked: the agent serialises access."""

    def __init__(self) -> None:
        self._owners: dict[int, Owner] = {}

    def want(self, key: int, owner: Owner) -> None:
        """Replaces everything that this connection wanted; ValueError (and the old wishes) if a service is taken."""
        for wish in owner.wishes.values():
            for service in wish.services:
                self._refuse_taken(key, wish, service, owner)
        before = self._owners.get(key)
        if before is not None:
            kept = before.lost
            owner.dropped = {name: why for name, why in kept.items() if name in owner.wishes}
            for name in owner.dropped.keys() & owner.wishes.keys():
                owner.wishes[name].lost = owner.dropped[name]
        self._owners[key] = owner

    def owner(self, key: int) -> Owner | None:
        """What a connection wants, None if it never wanted anything."""
        return self._owners.get(key)

    def forget(self, key: int) -> None:
        """Drops a connection."""
        self._owners.pop(key, None)

    def clear(self) -> list[Wish]:
        """Drops all wishes of everybody; returns them."""
        return [wish for owner in self._owners.values() for wish in _dropped(owner, "healed by hand")]

    def expire(self, now: float) -> tuple[list[tuple[str, list[str]]], list[str]]:
        """Drops what ran out: (owner, injections) of leases, and injections whose own time is over."""
        leases = [
            (owner.name, [wish.id for wish in _dropped(owner, "the lease ran out")])
            for owner in self._owners.values()
            if owner.wishes and owner.lease_until <= now
        ]
        over = []
        for owner in self._owners.values():
            for wish in [wish for wish in owner.wishes.values() if wish.until <= now]:
                del owner.wishes[wish.id]
                over.append(wish.id)
        return leases, over

    def all(self) -> Iterator[tuple[Owner, Wish]]:
        """Every wish with its owner."""
        return ((owner, wish) for owner in self._owners.values() for wish in owner.wishes.values())

    def _refuse_taken(self, key: int, wish: Wish, service: str, owner: Owner) -> None:
        """One act at a time on one container: their undos could not be told apart."""
        others = [mine for mine in owner.wishes.values() if mine is not wish]
        others += [theirs for number, one in self._owners.items() if number != key for theirs in one.wishes.values()]
        for other in others:
            if service in other.services:
                raise ValueError(f"service {service!r} is already held by injection {other.id!r}")


def _dropped(owner: Owner, reason: str) -> list[Wish]:
    taken = list(owner.wishes.values())
    owner.wishes = {}
    owner.dropped |= {wish.id: reason for wish in taken}
    return taken


def parse_want(message: Mapping[str, Any], name: str, now: float) -> Owner:
    """The wishes of a `want` message; ValueError, KeyError or TypeError if it is malformed."""
    owner = Owner(name, now + float(message["lease_s"]))
    for injection, body in dict(message.get("acts") or {}).items():
        services = {str(service): ContainerAct.from_wire(wire) for service, wire in dict(body["services"]).items()}
        owner.wishes[str(injection)] = Wish(str(injection), now + float(body["left_s"]), services)
    return owner
