"""What should hold: injections of several owners, each with a deadline, each owner with a lease.

Pure; time is passed in. All times are seconds of CLOCK_MONOTONIC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.effect import EdgeState, Effect, compose

Flags = dict[str, Any]
"""Flag name -> value as JSON knows it."""


@dataclass(slots=True)
class Wanted:
    """One injection's part on this border."""

    id: str
    until: float
    edges: dict[str, Effect] = field(default_factory=dict)
    services: dict[str, Flags] = field(default_factory=dict)
    lost: str = ""
    """Why it stopped holding although nobody asked for that; '' while it holds."""
    killed: float | None = None
    """When it last reset live connections."""


@dataclass(slots=True)
class Owner:
    """One control connection and what it wants."""

    name: str
    lease_until: float
    injections: dict[str, Wanted] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    """Injections that were taken away although nobody of this connection asked for it, and why."""

    def drop(self, reason: str) -> list[Wanted]:
        """Takes everything away."""
        taken = list(self.injections.values())
        self.injections = {}
        self.dropped |= {wanted.id: reason for wanted in taken}
        return taken


class WantError(ValueError):
    """A wish that cannot be granted: an unknown edge or service, effects that exclude each other."""


class Desired:
    """All wishes of all owners. Not locked: the agent serialises access."""

    def __init__(
        self,
        standing_ms: Mapping[str, int],
        services: Iterable[str],
        http: Iterable[str] = (),
        looked_up: Iterable[str] = (),
        datagrams: Iterable[str] = (),
    ) -> None:
        """`http`: edges whose requests can be struck; `looked_up`: edges whose callee's name comes from us;
        `datagrams`: UDP edges."""
        self._datagrams = set(datagrams)
        self._standing, self._http, self._looked_up = dict(standing_ms), set(http), set(looked_up)
        self._services = set(services)
        self._owners: dict[int, Owner] = {}

    def want(self, key: int, owner: Owner) -> None:
        """Replaces everything that this connection wanted; WantError leaves the old wishes.

        An injection that was lost and is wanted again holds again, but that it was lost is not forgotten.
        """
        for wanted in owner.injections.values():
            self._check(wanted)
        before = self._owners.get(key)
        owner.dropped = {name: why for name, why in self.lost(key).items() if name in owner.injections}
        for name, wanted in owner.injections.items():
            if before is not None and name in before.injections:
                wanted.killed = before.injections[name].killed
        self._owners[key] = owner
        try:
            self.states()
        except ValueError as error:
            self._put(key, before)
            raise WantError(str(error)) from error

    def renew(self, key: int, lease_until: float) -> None:
        """Prolongs the lease of a connection. One without wishes has none to prolong."""
        owner = self._owners.get(key)
        if owner is not None:
            owner.lease_until = lease_until

    def forget(self, key: int) -> list[Wanted]:
        """Drops a connection; returns the injections that it had."""
        owner = self._owners.pop(key, None)
        return list(owner.injections.values()) if owner else []

    def clear(self) -> list[Wanted]:
        """Drops all wishes of everybody; returns their injections."""
        return [wanted for owner in self._owners.values() for wanted in owner.drop("healed by hand")]

    def expired_leases(self, now: float) -> list[tuple[str, list[Wanted]]]:
        """Drops owners whose lease ran out: (owner, injections)."""
        over = [owner for owner in self._owners.values() if owner.injections and owner.lease_until <= now]
        return [(owner.name, owner.drop("the lease ran out")) for owner in over]

    def expired(self, now: float) -> list[Wanted]:
        """Drops injections whose own time is over; returns them."""
        over = []
        for owner in self._owners.values():
            for wanted in [w for w in owner.injections.values() if w.until <= now]:
                del owner.injections[wanted.id]
                over.append(wanted)
        return over

    def of(self, key: int) -> dict[str, Wanted]:
        """Injection id -> wish of one connection."""
        owner = self._owners.get(key)
        return owner.injections if owner else {}

    def lost(self, key: int) -> dict[str, str]:
        """Injection id -> why it stopped holding, of one connection."""
        owner = self._owners.get(key)
        if owner is None:
            return {}
        return owner.dropped | {wanted.id: wanted.lost for wanted in owner.injections.values() if wanted.lost}

    def all(self) -> list[tuple[Owner, Wanted]]:
        """Every wish with its owner."""
        return [(owner, wanted) for owner in self._owners.values() for wanted in owner.injections.values()]

    def states(self) -> dict[str, EdgeState]:
        """Edge -> composed state, of edges that are far or have a wish; ValueError if effects exclude each other."""
        effects: dict[str, list[Effect]] = {edge: [] for edge, standing in self._standing.items() if standing}
        for _, wanted in self.all():
            for edge, effect in wanted.edges.items():
                effects.setdefault(edge, []).append(effect)
        return {edge: compose(listed, self._standing[edge]) for edge, listed in effects.items()}

    def flags(self, now: float) -> dict[str, tuple[Flags, float]]:
        """Service -> merged flags and how many seconds they may still hold."""
        merged: dict[str, tuple[Flags, float]] = {}
        for owner, wanted in self.all():
            left = min(owner.lease_until, wanted.until) - now
            for service, flags in wanted.services.items():
                before, longest = merged.get(service, ({}, 0.0))
                merged[service] = before | flags, max(longest, left)
        return merged

    def due_kills(self, now: float) -> set[str]:
        """Edges whose live connections must be reset now; they count as reset."""
        due: set[str] = set()
        for _, wanted in self.all():
            edges = {edge for edge, effect in wanted.edges.items() if _due(effect.kill_ms, wanted.killed, now)}
            if edges:
                wanted.killed = now
            due |= edges
        return due

    def lose(self, edges: set[str], reason: str) -> list[str]:
        """Marks injections on these edges as lost; returns those that held until now."""
        struck = [wanted for _, wanted in self.all() if not wanted.lost and wanted.edges.keys() & edges]
        for wanted in struck:
            wanted.lost = reason
        return [wanted.id for wanted in struck]

    def _put(self, key: int, owner: Owner | None) -> None:
        if owner is None:
            del self._owners[key]
        else:
            self._owners[key] = owner

    def _check(self, wanted: Wanted) -> None:
        for edge, effect in wanted.edges.items():
            if edge not in self._standing:
                raise WantError(f"no edge {edge!r} in this border (injection {wanted.id!r})")
            if effect.requests is not None and edge not in self._http:
                raise WantError(
                    f"edge {edge!r} has no HAProxy: its requests cannot be struck (injection {wanted.id!r})"
                )
            if edge in self._datagrams and not (effect.cuts_only or effect.idle):
                raise WantError(f"edge {edge!r} is UDP: it can only be cut as a whole (injection {wanted.id!r})")
            if effect.name is not None and edge not in self._looked_up:
                raise WantError(
                    f"the name of edge {edge!r} is read from a file of the caller's, not asked for"
                    f" (injection {wanted.id!r})"
                )
        for service in wanted.services:
            if service not in self._services:
                raise WantError(f"no service {service!r} with flags in this border (injection {wanted.id!r})")


def _due(kill_ms: int, killed: float | None, now: float) -> bool:
    if not kill_ms:
        return False
    return killed is None or (kill_ms > 0 and now - killed >= kill_ms / 1000)


def parse_want(message: Mapping[str, Any], owner: str, now: float) -> Owner:
    """The wishes of a `want` message; ValueError, KeyError or TypeError if it is malformed."""
    result = Owner(owner, now + float(message["lease_s"]))
    for injection, body in dict(message.get("faults") or {}).items():
        wanted = _wanted(result, str(injection), body, now)
        wanted.edges = {str(edge): Effect.from_wire(wire) for edge, wire in body["edges"].items()}
    for injection, body in dict(message.get("flags") or {}).items():
        wanted = _wanted(result, str(injection), body, now)
        wanted.services = {str(service): dict(flags) for service, flags in body["services"].items()}
    return result


def _wanted(owner: Owner, injection: str, body: Mapping[str, Any], now: float) -> Wanted:
    return owner.injections.setdefault(injection, Wanted(injection, now + float(body["left_s"])))
