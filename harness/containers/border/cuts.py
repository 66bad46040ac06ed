"""Cuts and shares as packet-set elements that expire by themselves: the dead-man's switch that needs nobody alive."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.containers.border.config import Endpoint
from harness.containers.border.nft import TABLE, Nft
from harness.containers.border.ruleset import pair, spread

TIMEOUT_S = 4
"""Elements live this long unless refreshed; the agent refreshes them every second."""

PART_PORT = 30000
"""Port of the second listener of edge number N is `PART_PORT + N` (same address)."""


@dataclass(frozen=True, slots=True)
class Share:
    """Shares of new connections of one edge, 0–1 each: `drop`, then of the rest `reset`, then of the rest `slow`."""

    drop: float = 0.0
    reset: float = 0.0
    slow: float = 0.0


@dataclass(frozen=True, slots=True)
class Cuts:
    """What the packet filter must do at this moment."""

    hung: frozenset[Endpoint] = frozenset()
    refused: frozenset[Endpoint] = frozenset()
    deaf: frozenset[Endpoint] = frozenset()
    """Nothing from the caller gets in."""
    mute: frozenset[Endpoint] = frozenset()
    """Nothing gets back to the caller."""
    shares: Mapping[Endpoint, Share] = field(default_factory=dict)

    def elements(self) -> dict[str, set[Endpoint]]:
        """Set or map name -> keys that must be in it."""
        return {
            "hung": set(self.hung),
            "refused": set(self.refused),
            "deaf": set(self.deaf),
            "mute": set(self.mute),
            "share_of": {at for at, share in self.shares.items() if share.drop or share.reset},
            "slow_of": {at for at, share in self.shares.items() if share.slow},
        }

    def __bool__(self) -> bool:
        return any(self.elements().values())


ELEMENTS = Cuts().elements()
"""Every set and map that cuts may fill."""


class TimedSets:
    """Keeps the kernel's sets equal to the cuts that are wanted now. Safe to call from several threads."""

    def __init__(
        self, nft: Nft, numbers: Mapping[Endpoint, int], prefix: str = "", names: tuple[str, ...] = tuple(ELEMENTS)
    ) -> None:
        """`numbers`: of edges that take shares. `prefix` and `names`: which sets of the table are ours."""
        self._nft, self._numbers = nft, numbers
        self._prefix, self._names = prefix, names
        self._now = Cuts()
        self._lock = threading.Lock()

    def put(self, cuts: Cuts) -> None:
        """All changes at once, in one transaction; NftError leaves the old state."""
        with self._lock:
            self._nft.run("\n".join([*self._chains(cuts), *self._fill(cuts)]))
            self._now = cuts

    def keep(self) -> set[Endpoint]:
        """Refreshes all timeouts. Returns keys that somebody else removed, or that ran out; those are not put back."""
        with self._lock:
            if not self._now:
                return set()
            gone = self._missing(self._now)
            if gone:
                self._now = _without(self._now, gone)
            self._nft.run("\n".join(self._fill(self._now)))
            return gone

    def read(self) -> dict[str, set[Endpoint]]:
        """Set name -> keys that the kernel holds now."""
        return {name: self._held(name) for name in self._names}

    def _held(self, name: str) -> set[Endpoint]:
        return {(str(key[0]), int(key[1])) for key, _ in self._nft.elements(self._prefix + name, _kind(name))}

    def _missing(self, cuts: Cuts) -> set[Endpoint]:
        missing: set[Endpoint] = set()
        for name, keys in cuts.elements().items():
            if keys:
                missing |= keys - self._held(name)
        return missing

    def _chains(self, cuts: Cuts) -> list[str]:
        """Rules of shares that changed; an unchanged share keeps its counter."""
        lines = []
        for at, share in cuts.shares.items():
            if self._now.shares.get(at) == share:
                continue
            number = self._numbers[at]
            for chain in (f"part_{number}", f"slow_{number}"):
                lines += [f"add chain {TABLE} {chain}", f"flush chain {TABLE} {chain}"]
            lines += [f"add rule {TABLE} {rule}" for rule in share_rules(at, number, share)]
        return lines

    def _fill(self, cuts: Cuts) -> list[str]:
        lines = []
        elements = cuts.elements()
        for name in self._names:
            lines.append(f"flush {_kind(name)} {TABLE} {self._prefix}{name}")
            if keys := elements[name]:
                listed = ", ".join(f"{pair(at)} timeout {TIMEOUT_S}s{self._verdict(name, at)}" for at in sorted(keys))
                lines.append(f"add element {TABLE} {self._prefix}{name} {{ {listed} }}")
        return lines

    def _verdict(self, name: str, at: Endpoint) -> str:
        chain = {"share_of": "part", "slow_of": "slow"}.get(name)
        return f" : jump {chain}_{self._numbers[at]}" if chain else ""


def share_rules(at: Endpoint, number: int, share: Share) -> list[str]:
    """Rules of one edge's share, each with the name of its chain in front.

    A dropped connection stays dropped: its first segment is remembered by address, port and sequence number, so that
    the same segment sent again gets no second chance, and a later connection from the same port does.
    """
    rules = []
    remembered = "ip saddr . tcp sport . tcp sequence"
    if share.drop:
        rules.append(f"part_{number} {remembered} @once drop")
        rules.append(f"part_{number} {_every(share.drop)} update @once {{ {remembered} }} drop")
    if share.reset:
        rules.append(f"part_{number} {_every(share.reset)} reject with tcp reset")
    if share.slow:
        rules.append(f"slow_{number} meta l4proto tcp {_every(share.slow)} dnat to {at[0]}:{PART_PORT + number}")
    return rules


def _every(share: float) -> str:
    modulus, residues = spread(share)
    return f"numgen inc mod {modulus} {{ {', '.join(map(str, residues))} }}"


def _kind(name: str) -> str:
    return "map" if name.endswith("_of") else "set"


def _without(cuts: Cuts, gone: set[Endpoint]) -> Cuts:
    shares = {at: share for at, share in cuts.shares.items() if at not in gone}
    return Cuts(cuts.hung - gone, cuts.refused - gone, cuts.deaf - gone, cuts.mute - gone, shares)
