"""Passive observation: turns captured packets into counts per edge and second, and names that were asked for."""

from __future__ import annotations

import mmap
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.containers.border.capture import Capture
from harness.containers.border.config import Config, Endpoint
from harness.containers.border.names.book import Book
from harness.containers.border.names.lookups import Lookups
from harness.containers.border.nft import Nft
from harness.containers.border.ruleset import UDP
from harness.containers.border.seconds import Seconds, last_settled
from harness.containers.border.turns import ACK, RST, Segment, Turns

_SEGMENT = struct.Struct("!BxHxxxxxBxx4s4sHHIIBB")
"""Version with header length, total length, protocol, addresses, ports, sequence, acknowledged, data offset, flags."""

_TCP, _DNS = 6, 53

Counted = tuple[Mapping[Endpoint, str], Mapping[tuple[Any, ...], tuple[int, int]]]
"""Edges by address, and packets and bytes by address."""


class Watch:
    """Everything seen on the edges of one border. Safe to call from several threads."""

    def __init__(self, config: Config, nft: Nft, refused: Callable[[Endpoint], None]) -> None:
        book = Book(config)
        self._edges = _addressed(config, book)
        resolvers = [cell.gateway for cell in config.cells]
        self._lookups = Lookups(book, _by_pair(config), resolvers)
        self._ids = {edge.at: edge.id for edge in config.edges}
        self._datagrams = {edge.at: edge.id for edge in config.datagrams}
        self._nft, self._refused = nft, refused
        self._seconds = Seconds()
        self._turns = Turns(self._seconds)
        self._capture = Capture()
        self._bytes: dict[tuple[str, str], int] = {}
        self._cut: dict[str, int] = {}
        self._lock = threading.Lock()
        self.lost = 0

    def follow(self) -> None:
        """One round of reading packets; the body of a thread."""
        self._capture.wait()
        with self._lock:
            self._capture.drain(self._packet)

    def count(self) -> None:
        """One second's end: bytes per edge, connects without an answer; the body of a thread."""
        time.sleep(1 - time.monotonic() % 1 + 0.002)
        sent, back = self._nft.counters("sent"), self._nft.counters("back")
        udp_sent, udp_back = (
            (self._nft.counters(UDP + name) for name in ("sent", "back")) if self._datagrams else ({}, {})
        )
        now_us = time.monotonic_ns() // 1000
        with self._lock:
            for name, counters, udp in (("up_bytes", sent, udp_sent), ("down_bytes", back, udp_back)):
                self._add_bytes(name, (self._ids, counters), now_us - 1_000_000)
                self._add_bytes(name, (self._datagrams, udp), now_us - 1_000_000)
            self._turns.tick(now_us)
            self._lookups.tick(now_us, self._seconds)
            self.lost += self._capture.lost()

    def cut_answers(self, totals: Mapping[str, int]) -> None:
        """Edge -> answers cut short so far, as HAProxy counted them; what is new goes to the second that just ended."""
        at_us = time.monotonic_ns() // 1000 - 1_000_000
        with self._lock:
            for edge, total in totals.items():
                new = total - self._cut.get(edge, 0)
                self._cut[edge] = total
                if new > 0:
                    self._seconds.at(at_us, edge).cut_short += new

    def rows(self, after: int, *, flush: bool) -> tuple[list[dict[str, Any]], int]:
        """Rows of the seconds after `after`, and the last second they cover; `flush`: up to this moment."""
        now_us = time.monotonic_ns() // 1000
        with self._lock:
            until = now_us // 1_000_000 if flush else last_settled(now_us)
            return list(self._seconds.rows(after, until)), max(until, after)

    def asked(self) -> dict[tuple[str, str, str], int]:
        """How often each guest asked which name server for a name outside the project: (guest, server, name) -> n."""
        with self._lock:
            return dict(self._lookups.undeclared)

    def _add_bytes(self, name: str, counted: Counted, at_us: int) -> None:
        ids, counters = counted
        for (address, port), (_, total) in counters.items():
            edge = ids.get((address, port))
            if edge is None:
                continue
            new = total - self._bytes.get((name, edge), 0)
            if new:
                self._bytes[name, edge] = total
                tally = self._seconds.at(at_us, edge)
                setattr(tally, name, getattr(tally, name) + new)

    def _lookup(self, now_us: int, source: tuple[bytes, int], target: tuple[bytes, int], message: bytes) -> None:
        (one, port), (other, to) = source, target
        first, second = (socket.inet_ntoa(one), port), (socket.inet_ntoa(other), to)
        if to == _DNS:
            self._lookups.question(now_us, first, second[0], message, self._seconds)
        else:
            self._lookups.answer(now_us, second, first[0], message, self._seconds)

    def _packet(self, now_us: int, memory: mmap.mmap, at: int, captured: int) -> None:
        version, total, protocol, source, target, sport, dport, seq, _, offset, flags = _SEGMENT.unpack_from(memory, at)
        header = (version & 15) * 4
        if header != 20:
            sport, dport, seq, _, offset, flags = struct.unpack_from("!HHIIBB", memory, at + header)
        if protocol != _TCP:
            self._lookup(now_us, (source, sport), (target, dport), memory[at + header + 8 : at + captured])
            return
        headers = header + (offset >> 4) * 4
        length = total - headers
        edge = self._edges.get((target, dport))
        if edge is not None:
            segment = Segment(now_us, flags, seq, length)
            self._turns.from_caller((source, sport, target, dport), edge, segment)
        elif (source, sport) in self._edges:
            head = memory[at + headers : at + min(captured, headers + 16)] if length else b""
            self._turns.from_callee((target, dport, source, sport), Segment(now_us, flags, seq, length, head))
        elif flags & (RST | ACK) == RST | ACK and seq == 0:
            # The kernel's answer to a SYN where nobody listens: one of our proxies dialled in vain.
            self._refused((socket.inet_ntoa(source), sport))


def _by_pair(config: Config) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for edge in config.edges:
        pairs.setdefault(edge.pair, []).append(edge.id)
    return pairs


def _addressed(config: Config, book: Book) -> dict[tuple[bytes, int], str]:
    """Where packets of an edge go: its own address, and the dead ones that a fault may give to the callee's name."""
    found = {}
    for edge in config.edges:
        listed = book.pairs[edge.pair][2]
        for address in (edge.listen, listed.silent, listed.refusing):
            found[socket.inet_aton(address), edge.port] = edge.id
    return found
