"""From wishes to the world and back: makes composed edge states so, and reads back what holds.

Cuts go first, in one transaction; then toxics, all callers at once; then rules for single requests; then shares that
need a second listener.
"""

from __future__ import annotations

import threading
from collections import ChainMap, Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from harness.containers.border.config import Config, EdgeConfig, Endpoint
from harness.containers.border.cuts import PART_PORT, Cuts, Share, TimedSets
from harness.containers.border.datagrams import Datagrams
from harness.containers.border.driver import ProxyApiError
from harness.containers.border.killing import Victim, kill
from harness.containers.border.layer7.gate import Behind, behind
from harness.containers.border.layer7.gates import Gates
from harness.containers.border.names.process import NameServer
from harness.containers.border.names.rules import Wanted
from harness.containers.border.nft import Nft
from harness.containers.border.server import ProxyServer, listener_of
from harness.containers.border.toxics import LIMIT, Toxics, cutting_toxics, shape_of, wanted_toxics
from harness.containers.border.transport import Answer as Called
from harness.model.effect import Cut, EdgeState, Way
from harness.model.names import NameRule
from harness.model.request_fault import Answer, RequestFault

API_PORT = 18000
"""The Toxiproxy of caller number N answers on `API_PORT + N` of the border's loopback."""

PART, CUT = ".part", ".cut"


class Holding:
    """The proxies and the packet filter of one border."""

    def __init__(self, config: Config, nft: Nft, names: NameServer, disturbed: Callable[[str, str, str], None]) -> None:
        self.edges = {edge.id: edge for edge in config.edges}
        self._numbers = {edge.at: number for number, edge in enumerate(config.edges)}
        self._cuts = TimedSets(nft, self._numbers)
        self.names = names
        self._places = {edge.id: _places(number, edge) for number, edge in enumerate(config.edges)}
        self.servers: dict[str, ProxyServer] = {}
        for number, caller in enumerate(config.callers):
            mine = [edge for edge in config.edges if edge.caller == caller]
            listeners = [listener_of(edge, self._places[edge.id].plain) for edge in mine]
            self.servers[caller] = ProxyServer(caller, API_PORT + number, listeners, partial(disturbed, caller))
        self.gates = Gates(config, disturbed)
        self.datagrams = Datagrams(config, nft)
        self._applied: dict[str, EdgeState] = {}
        self._cut_datagrams: set[str] = set()
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="proxies")

    def start(self, states: Mapping[str, EdgeState]) -> None:
        """Starts all proxies and applies the standing states; ProxyApiError or GateError if one does not start."""
        self.names.start()
        list(self._pool.map(lambda server: server.start(), self.servers.values()))
        self.gates.start()
        self.apply(states)

    def apply(self, states: Mapping[str, EdgeState]) -> dict[str, EdgeState]:
        """Makes exactly these states so and returns what holds by read-back, for every edge named now or before."""
        with self._lock:
            named = self._applied.keys() | states.keys() | self._cut_datagrams
            datagrams, streams = self._sorted(named)
            self.datagrams.apply(states)
            self._cut_datagrams = {edge for edge in states if edge in self.datagrams.edges}
            found = self._apply_streams({edge: states[edge] for edge in streams if edge in states}, streams)
            return found | self.datagrams.read(datagrams)

    def _apply_streams(self, states: Mapping[str, EdgeState], named: Collection[str]) -> dict[str, EdgeState]:
        self._cuts.put(cuts_of(self._without_new_shares(states), self.edges))
        self.names.put(names_of(states, self.edges))
        toxics = self._each_caller(named, lambda caller: self._apply(caller, states))
        self.gates.apply(states)
        self._cuts.put(cuts_of(states, self.edges))
        self._applied = dict(states)
        return self._read_back(named, toxics)

    def read(self, edges: Iterable[str]) -> dict[str, EdgeState]:
        """What holds now on these edges, freshly read; an edge whose proxy does not answer is missing."""
        datagrams, streams = self._sorted(edges)
        found = self._read_back(streams, self._each_caller(streams, lambda caller: self.servers[caller].read()))
        return found | self.datagrams.read(datagrams)

    def _sorted(self, edges: Iterable[str]) -> tuple[list[str], list[str]]:
        """UDP edges, and all others."""
        named = list(dict.fromkeys(edges))
        ours = [edge for edge in named if edge in self.datagrams.edges]
        return ours, [edge for edge in named if edge not in self.datagrams.edges]

    def keep(self) -> set[str]:
        """Refreshes what ends by itself; returns edges on which somebody else removed it, or on which it ran out."""
        gone, misled = self._cuts.keep(), self.names.keep()
        lost = {edge.id for edge in self.edges.values() if edge.at in gone or edge.pair in misled}
        return lost | self.gates.keep() | self.datagrams.keep()

    def kill(self, edges: Iterable[str]) -> int:
        """Resets the live connections of these edges on both sides; how many sockets that were."""
        victims = []
        for edge in (self.edges[name] for name in edges if name in self.edges):
            listening = frozenset({edge.at, (edge.listen, PART_PORT + self._numbers[edge.at])})
            victims.append(Victim(listening, edge.upstream, self.servers[edge.caller].pid))
        return kill(victims)

    def by_hand(self, edge: str, method: str, path: str, body: object) -> Called:
        """One call to the proxy of an edge, which is lent from then on; ValueError for an edge without one."""
        found = self.edges.get(edge)
        if found is None:
            raise ValueError(f"no proxy here stands on {edge!r}; there are {', '.join(sorted(self.edges)) or 'none'}")
        return self.servers[found.caller].by_hand(found.proxy, method, path, body)

    def take_back(self, edge: str) -> bool:
        """It is as it is wanted again, read back."""
        found = self.edges[edge]
        return self.servers[found.caller].take_back(found.proxy)

    def stop(self) -> None:
        """Ends all proxies."""
        self.names.stop()
        for server in self.servers.values():
            server.stop()
        self.gates.stop()

    def _without_new_shares(self, states: Mapping[str, EdgeState]) -> dict[str, EdgeState]:
        """A share that becomes slow is led to its second listener only when that listener is slow."""
        before = {edge: state.slow_share for edge, state in self._applied.items()}
        return {
            edge: state if before.get(edge) == state.slow_share else replace(state, slow_share=1.0)
            for edge, state in states.items()
        }

    def _each_caller(self, edges: Iterable[str], act: Callable[[str], dict[str, Toxics]]) -> dict[str, Toxics]:
        """Toxics by `caller/proxy`, of all callers of these edges at once; callers that do not answer are left out."""
        callers = list(dict.fromkeys(self.edges[edge].caller for edge in edges))

        def safely(caller: str) -> dict[str, Toxics]:
            try:
                return {f"{caller}/{name}": toxics for name, toxics in act(caller).items()}
            except ProxyApiError as error:
                print(f"proxy of {caller}: {error}", flush=True)
                return {}

        return dict(ChainMap(*self._pool.map(safely, callers)))

    def _apply(self, caller: str, states: Mapping[str, EdgeState]) -> dict[str, Toxics]:
        server = self.servers[caller]
        wanted: dict[str, Toxics] = {}
        for edge in (self.edges[name] for name in states if self.edges[name].caller == caller):
            plain, part = wanted_toxics(states[edge.id])
            wanted[edge.proxy] = plain
            cutting = cutting_toxics(states[edge.id])
            for suffix, at, toxics in (
                (PART, self._places[edge.id].part, part),
                (CUT, self._places[edge.id].cut, cutting),
            ):
                if toxics is not None:
                    server.ensure(listener_of(edge, at, suffix))
                    wanted[edge.proxy + suffix] = toxics
        return server.apply(wanted)

    def _read_back(self, edges: Iterable[str], toxics: Mapping[str, Toxics]) -> dict[str, EdgeState]:
        sets, rules = self._cuts.read(), self.gates.read(edges)
        misled, told = self.names.read(), names_of(self._applied, self.edges)
        found = {}
        for edge in (self.edges[name] for name in edges):
            plain = toxics.get(f"{edge.caller}/{edge.proxy}")
            if plain is not None and (not edge.http or edge.id in rules) and misled is not None:
                part = toxics.get(f"{edge.caller}/{edge.proxy}{PART}", {})
                cutting = toxics.get(f"{edge.caller}/{edge.proxy}{CUT}", {})
                inside = {name for name, keys in sets.items() if edge.at in keys}
                requests = tuple(_as_cut(rule, cutting) for rule in rules.get(edge.id, ()))
                state = self._state(edge, plain, part, inside)
                if state is not None:
                    found[edge.id] = replace(state, requests=requests, names=self._names(edge, misled, told))
        return found

    def _names(self, edge: EdgeConfig, held: Wanted, told: Wanted) -> tuple[NameRule, ...]:
        """What look-ups over this edge get: what was wanted, as long as its pair's rules are those that were told."""
        wanted, rules = self._applied.get(edge.id, EdgeState()).names, held.get(edge.pair, ())
        return wanted if rules == told.get(edge.pair, ()) else rules

    def _state(self, edge: EdgeConfig, plain: Toxics, part: Toxics, sets: set[str]) -> EdgeState | None:
        """What toxics and sets amount to; None if it is nothing that was ever wanted.

        A set says that a share is cut; how large it is, is what was applied.
        """
        wanted = self._applied.get(edge.id, EdgeState())
        shared = "slow_of" in sets
        shape = shape_of(part if shared else plain, edge.standing_ms)
        if shape is None:
            return None
        cut, way = cut_in(sets)
        return EdgeState(
            shape=shape,
            slow_share=wanted.slow_share if shared else 1.0,
            cut=cut,
            cut_way=way,
            drop_share=wanted.drop_share if "share_of" in sets else 0.0,
            reset_share=wanted.reset_share if "share_of" in sets else 0.0,
            standing_ms=edge.standing_ms,
        )


def _places(number: int, edge: EdgeConfig) -> Behind:
    """Where the proxies of an edge listen: behind HAProxy if it has one, else where its caller dials."""
    second = edge.listen, PART_PORT + number
    return behind(number) if edge.http else Behind(edge.at, second, second)


def _as_cut(rule: RequestFault, toxics: Toxics) -> RequestFault:
    """A rule that cuts answers short, with the number of bytes that the proxy behind it really lets through."""
    if rule.answer is not Answer.CUT:
        return rule
    return replace(rule, after_bytes=toxics.get(LIMIT, {}).get("bytes", 0))


def cuts_of(states: Mapping[str, EdgeState], edges: Mapping[str, EdgeConfig]) -> Cuts:
    """What the packet filter has to do for these states. Pure."""
    whole: dict[str, set[Endpoint]] = {name: set() for name in WHOLE}
    shares = {}
    for name, state in states.items():
        at = edges[name].at
        for sets, cut in WHOLE.items():
            if cut == (state.cut, state.cut_way):
                whole[sets].add(at)
        slow = state.slow_share if wanted_toxics(state)[1] is not None else 0.0
        if state.drop_share or state.reset_share or slow:
            shares[at] = Share(state.drop_share, state.reset_share, slow)
    return Cuts(**{name: frozenset(keys) for name, keys in whole.items()}, shares=shares)


def names_of(states: Mapping[str, EdgeState], edges: Mapping[str, EdgeConfig]) -> dict[str, tuple[NameRule, ...]]:
    """What look-ups of each pair get: a name has no port, so edges of one pair that say the same say it once. Pure."""
    found: dict[str, Counter[NameRule]] = {}
    for name, state in states.items():
        if state.names:
            pair = edges[name].pair
            found[pair] = found.get(pair, Counter()) | Counter(state.names)
    return {pair: tuple(sorted(rules.elements())) for pair, rules in found.items()}


WHOLE = {
    "refused": (Cut.RESET, Way.BOTH),
    "hung": (Cut.DROP, Way.BOTH),
    "deaf": (Cut.DROP, Way.REQUEST),
    "mute": (Cut.DROP, Way.RESPONSE),
}
"""Set of the packet filter -> the cut of a whole edge that it makes."""


def cut_in(sets: Collection[str]) -> tuple[Cut, Way]:
    """The cut that an edge has which is in these sets. Pure."""
    return next((cut for name, cut in WHOLE.items() if name in sets), (Cut.NONE, Way.BOTH))


def same(wanted: EdgeState, found: EdgeState | None) -> bool:
    """Whether an edge is as wanted; a share of a slowness of nothing is nothing. Pure."""
    if found is None:
        return False
    if wanted_toxics(wanted)[1] is None:
        wanted = replace(wanted, slow_share=1.0)
    return wanted == found
