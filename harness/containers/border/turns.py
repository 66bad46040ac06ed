"""From TCP segments to connects, requests and answers, without reading what they say. Pure; time is passed in (µs).

A *request* is a turn of the caller's data, a *response* the next turn of the callee's. Segments sent again are
recognised by their sequence numbers. Only the first bytes of an answer are looked at, for an HTTP status.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from harness.containers.border.seconds import Seconds

FIN, SYN, RST, ACK = 1, 2, 4, 16

UNANSWERED_US = 1_000_000
"""A connect without an answer for this long counts as unanswered."""

SILENT_US = 30_000_000
"""A request without an answer whose connection nobody closes counts as given up after this long."""

_FORGET_US = 600_000_000
_HALF = 1 << 31
_MASK = (1 << 32) - 1

Key = tuple[bytes, int, bytes, int]
"""Caller's address and port, edge's address and port."""


class Segment(NamedTuple):
    """What is looked at of a TCP segment: time (µs), flags, sequence number, bytes of data and the first of them."""

    now_us: int
    flags: int
    seq: int
    length: int
    head: bytes = b""


class Conversation:
    """One TCP connection over an edge."""

    __slots__ = (
        "answered",
        "asked_us",
        "began_us",
        "callee_next",
        "caller_next",
        "data_us",
        "edge",
        "ended",
        "first",
        "last_us",
        "left_us",
        "refused",
    )

    def __init__(self, edge: str, now_us: int, first: int, *, seen_from_start: bool) -> None:
        self.edge, self.began_us, self.last_us, self.first = edge, now_us, now_us, first
        self.answered = not seen_from_start
        self.refused = False
        self.asked_us = 0
        """When the request that is not answered yet began; 0: none is open."""
        self.caller_next = self.callee_next = -1
        """Sequence number that new data of each side begins with; -1 before any."""
        self.data_us = self.left_us = 0
        """When the callee's last data came, and when the caller ended its side; 0: not yet."""
        self.ended = False
        """The callee's side has ended."""


class Turns:
    """Follows all conversations of a border. Not locked."""

    def __init__(self, seconds: Seconds) -> None:
        self._seconds = seconds
        self._open: dict[Key, Conversation] = {}
        self._dials: deque[Conversation] = deque()

    def from_caller(self, key: Key, edge: str, segment: Segment) -> None:
        """A segment from the caller towards the edge's address."""
        now_us, flags, seq, length, _ = segment
        talk = self._open.get(key)
        if flags & SYN:
            if talk is None or talk.first != seq:
                self._dialled(now_us, key, edge, seq)
            return
        if talk is None:
            if flags & RST:
                return
            talk = self._open[key] = Conversation(edge, now_us, seq, seen_from_start=False)
        talk.last_us = now_us
        if length and _is_new(talk.caller_next, seq, length):
            talk.caller_next = (seq + length) & _MASK
            if not talk.asked_us:
                talk.asked_us = now_us
                self._seconds.at(now_us, edge).requests += 1
        if flags & (FIN | RST):
            if talk.asked_us:
                self._seconds.at(now_us, edge).abandoned(now_us - talk.asked_us)
            talk.asked_us, talk.left_us = 0, now_us
            if flags & RST or talk.ended:
                self._forget(key, talk)

    def from_callee(self, key: Key, segment: Segment) -> None:
        """A segment from the edge's address back to the caller."""
        now_us, flags, seq, length, head = segment
        talk = self._open.get(key)
        if talk is None:
            return
        talk.last_us = now_us
        if flags & RST:
            if not talk.answered:
                talk.refused = True
                self._seconds.at(talk.began_us, talk.edge).refused += 1
            elif not talk.left_us:
                tally = self._seconds.at(now_us, talk.edge)
                tally.resets += 1
                tally.hangups += talk.asked_us > 0
            self._forget(key, talk)
            return
        if flags & SYN:
            talk.answered = True
            return
        if length and _is_new(talk.callee_next, seq, length):
            talk.callee_next = (seq + length) & _MASK
            talk.data_us = now_us
            tally = self._seconds.at(now_us, talk.edge)
            tally.segments += 1
            tally.answer_bytes += length
            if talk.asked_us:
                self._answered(now_us, talk, head)
        if flags & FIN and not talk.ended:
            self._ended(now_us, talk)
            if talk.left_us:
                self._forget(key, talk)

    def tick(self, now_us: int) -> None:
        """To be called about once a second: connects that nobody answered, requests that nobody closed."""
        while self._dials and now_us - self._dials[0].began_us >= UNANSWERED_US:
            dial = self._dials.popleft()
            if not dial.answered and not dial.refused:
                self._seconds.at(dial.began_us, dial.edge).unanswered += 1
        for key, talk in list(self._open.items()):
            if talk.asked_us and now_us - talk.asked_us > SILENT_US:
                self._seconds.at(now_us, talk.edge).abandoned(now_us - talk.asked_us)
                talk.asked_us = 0
            if now_us - talk.last_us > _FORGET_US:
                del self._open[key]

    def __len__(self) -> int:
        return len(self._open)

    def _dialled(self, now_us: int, key: Key, edge: str, seq: int) -> None:
        talk = self._open[key] = Conversation(edge, now_us, seq, seen_from_start=True)
        self._dials.append(talk)
        self._seconds.at(now_us, edge).connects += 1

    def _answered(self, now_us: int, talk: Conversation, head: bytes) -> None:
        tally = self._seconds.at(now_us, talk.edge)
        tally.answered(now_us - talk.asked_us)
        talk.asked_us = 0
        if head[:7] == b"HTTP/1.":
            tally.errors += head[9:10] == b"5"
            tally.rejects += head[9:10] == b"4"

    def _ended(self, now_us: int, talk: Conversation) -> None:
        """The callee hung up: an open request got no answer, but it was not its caller who gave up."""
        tally = self._seconds.at(now_us, talk.edge)
        tally.hangups += talk.asked_us > 0
        tally.ends += not talk.left_us
        since = max(talk.data_us, talk.left_us)
        if since:
            tally.closes += 1
            tally.close_us += now_us - since
        talk.asked_us, talk.ended = 0, True

    def _forget(self, key: Key, talk: Conversation) -> None:
        if self._open.get(key) is talk:
            del self._open[key]


def _is_new(expected: int, seq: int, length: int) -> bool:
    """Whether a segment carries data beyond what was seen; sequence numbers wrap."""
    return expected < 0 or 0 < (seq + length - expected) & _MASK < _HALF
