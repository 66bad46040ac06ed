"""Look-ups of callees' names as they pass: how many, how long each waited, how many got something else than the truth.

Read from the packets, not from the name server's own word. Pure; time is passed in (µs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from harness.containers.border.names.book import Book, Listed
from harness.containers.border.names.question import answered, asked
from harness.containers.border.seconds import Seconds

PATIENCE_US = 10_000_000
"""A look-up without an answer for this long failed."""

_A, _PTR = 1, 12
_MOST_NAMES = 2000
"""Undeclared names kept; a guest may invent new ones for ever."""
_MOST_OPEN = 20_000

Key = tuple[str, int, int]
"""Guest, its port, the question's id."""


class Lookups:
    """All look-ups of one border. Not locked."""

    def __init__(self, book: Book, edges: Mapping[str, Iterable[str]], resolvers: Iterable[str]) -> None:
        """`edges`: `caller->callee` -> ids of the edges that its name stands for."""
        self._book, self._resolvers = book, set(resolvers)
        self._edges = {pair: tuple(ids) for pair, ids in edges.items()}
        self._open: dict[Key, tuple[int, Listed]] = {}
        self.undeclared: Counter[tuple[str, str, str]] = Counter()
        """(guest, server, name) -> how often names were asked for that are none of the project's."""

    def question(self, now_us: int, guest: tuple[str, int], server: str, message: bytes, seconds: Seconds) -> None:
        """A question on its way from a guest; counts in this second, its answer in its own."""
        question = asked(message)
        listed = self._book.find(guest[0], question.name) if server in self._resolvers else None
        if listed is None:
            if question.type != _PTR:  # asks who an address is; nobody is called
                self._note(guest[0], server, question.name)
        elif listed.pair and question.type == _A and len(self._open) < _MOST_OPEN:
            self._open[(*guest, question.id)] = now_us, listed
            for edge in self._edges_of(listed):
                seconds.at(now_us, edge).lookups += 1

    def answer(self, now_us: int, guest: tuple[str, int], server: str, message: bytes, seconds: Seconds) -> None:
        """An answer on its way to a guest."""
        found = answered(message) if server in self._resolvers else None
        asked_at = self._open.pop((*guest, found[0]), None) if found else None
        if found is None or asked_at is None:
            return
        began_us, listed = asked_at
        wrong = set(found[1]).isdisjoint(listed.addresses)
        self._count(now_us, listed, seconds, wrong=wrong, wait_us=now_us - began_us)

    def tick(self, now_us: int, seconds: Seconds) -> None:
        """To be called about once a second: look-ups that nobody answered."""
        for key, (began_us, listed) in list(self._open.items()):
            if now_us - began_us > PATIENCE_US:
                del self._open[key]
                self._count(now_us, listed, seconds, wrong=True, wait_us=now_us - began_us)

    def _count(self, at_us: int, listed: Listed, seconds: Seconds, *, wrong: bool, wait_us: int) -> None:
        for edge in self._edges_of(listed):
            seconds.at(at_us, edge).looked_up(wait_us, wrong=wrong)

    def _edges_of(self, listed: Listed) -> Iterator[str]:
        """Every edge that the name may lead over."""
        return (edge for pair in listed.pairs for edge in self._edges[pair])

    def _note(self, guest: str, server: str, name: str) -> None:
        key = guest, server, name
        if key not in self.undeclared and len(self.undeclared) >= _MOST_NAMES:
            key = guest, server, "(more names)"
        self.undeclared[key] += 1
