"""UDP edges: forwarded by the kernel, counted and cut there, never slowed. No process of ours sees a datagram."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from harness.containers.border.config import Config, EdgeConfig, Endpoint
from harness.containers.border.cuts import Cuts, TimedSets
from harness.containers.border.nft import TABLE, Nft
from harness.containers.border.ruleset import UDP, pair
from harness.model.effect import Cut, EdgeState, Way
from harness.model.shape import NO_SHAPE

SETS: Mapping[str, tuple[Cut, Way]] = {
    "hung": (Cut.DROP, Way.BOTH),
    "refused": (Cut.RESET, Way.BOTH),
    "deaf": (Cut.DROP, Way.REQUEST),
    "mute": (Cut.DROP, Way.RESPONSE),
}
"""Set of the packet filter -> the cut that it makes."""


class Datagrams:
    """The UDP edges of one border. Safe to call from several threads."""

    def __init__(self, config: Config, nft: Nft) -> None:
        self.edges: dict[str, EdgeConfig] = {edge.id: edge for edge in config.datagrams}
        self._ids = {edge.at: edge.id for edge in config.datagrams}
        self._nft = nft
        self._sets = TimedSets(nft, {}, UDP, tuple(SETS))
        self._behind: dict[str, set[Endpoint]] = {}
        for edge in config.datagrams:
            self._behind.setdefault(edge.callee, set()).add(edge.at)
        for forward in config.datagram_forwards:
            self._behind.setdefault(forward.callee, set()).add((forward.far, forward.port))
        self._said: dict[int, set[str]] = {}
        """Connection -> services that are down by its word."""
        self._lock = threading.Lock()

    def apply(self, states: Mapping[str, EdgeState]) -> None:
        """Makes exactly these cuts so, in one transaction."""
        keys: dict[str, set[Endpoint]] = {name: set() for name in SETS}
        for edge, state in states.items():
            for name, cut in SETS.items():
                if edge in self.edges and cut == (state.cut, state.cut_way):
                    keys[name].add(self.edges[edge].at)
        hung, refused, deaf, mute = (frozenset(keys[name]) for name in ("hung", "refused", "deaf", "mute"))
        self._sets.put(Cuts(hung, refused, deaf, mute))

    def read(self, edges: Iterable[str]) -> dict[str, EdgeState]:
        """What holds now on these edges, as the kernel says."""
        held = self._sets.read() if self.edges else {}
        found = {}
        for edge in edges:
            at = self.edges[edge].at
            cut, way = next((SETS[name] for name in SETS if at in held[name]), (Cut.NONE, Way.BOTH))
            found[edge] = EdgeState(shape=NO_SHAPE, cut=cut, cut_way=way)
        return found

    def keep(self) -> set[str]:
        """Refreshes the cuts; edges on which somebody else removed one, or on which it ran out."""
        return {self._ids[at] for at in self._sets.keep()}

    def say_down(self, key: int, service: str, down: bool) -> None:
        """The engine's word. Nobody can dial a UDP port: its callee is up while its container runs."""
        if service not in self._behind:
            return
        with self._lock:
            said = self._said.setdefault(key, set())
            said.add(service) if down else said.discard(service)
            if not down:  # whoever heard it last is right: nobody may be left who would take back an older word
                for others in self._said.values():
                    others.discard(service)
            self._refuse(service, down)

    def forget(self, key: int) -> None:
        """The connection ended: what only it called down counts as up, for nobody else would ever say so."""
        with self._lock:
            said = self._said.pop(key, set())
            for service in said.difference(*self._said.values()):
                self._refuse(service, False)

    def _refuse(self, service: str, refuse: bool) -> None:
        element = f"element {TABLE} {UDP}down {{ {', '.join(map(pair, sorted(self._behind[service])))} }}"
        # Adding first makes deleting safe: to delete what is not there would be an error.
        self._nft.run(f"add {element}" if refuse else f"add {element}\ndelete {element}")
