"""The packet filter that runs in the kernel (classic BPF), written with labels. Pure.

It lets through what `turns.py` and the list of asked names need: TCP segments from or to an edge's address that carry
data or open, close or break a connection; every reset (it may answer a dial of ours); DNS questions and answers.
"""

from __future__ import annotations

from dataclasses import dataclass

HEADERS = 96
"""Bytes captured of a TCP segment: headers with all their options, and what an HTTP answer begins with."""

QUESTION = 400
"""Bytes captured of a DNS question or answer."""

_LDB, _LDH, _LDW = 0x30, 0x28, 0x20
"""Load 1, 2 or 4 bytes at a fixed offset."""
_LDB_X, _LDH_X = 0x50, 0x48
"""The same at an offset from X."""
_LDX_IHL, _TAX, _AND, _RSH, _ADD_X, _SUB_X = 0xB1, 0x07, 0x54, 0x74, 0x0C, 0x1C
_JEQ, _JSET, _RET = 0x15, 0x45, 0x06

_EDGES, _EDGE_MASK = 0xC6130000, 0xFFFF8000  # 198.19.0.0/17
_DEAD, _DEAD_MASK = 0xC613C000, 0xFFFFC000  # 198.19.192.0/18: where names lead that were given a dead address
_TCP, _UDP, _DNS = 6, 17, 53
_RST, _SYN_FIN = 0x04, 0x03


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction; `yes` and `no` name labels ('' is the next one)."""

    code: int
    value: int = 0
    yes: str = ""
    no: str = ""
    label: str = ""


_STEPS = (
    _Step(_LDB, 9),
    _Step(_JEQ, _TCP, no="udp"),
    _Step(_LDH, 6),
    _Step(_JSET, 0x1FFF, yes="drop"),  # a later fragment has no ports
    _Step(_LDX_IHL, 0),
    _Step(_LDB_X, 13),
    _Step(_JSET, _RST, yes="segment"),
    _Step(_LDW, 12),
    _Step(_AND, _EDGE_MASK),
    _Step(_JEQ, _EDGES, yes="edge"),
    _Step(_LDW, 16),
    _Step(_AND, _EDGE_MASK),
    _Step(_JEQ, _EDGES, yes="edge"),
    _Step(_LDW, 12),
    _Step(_AND, _DEAD_MASK),
    _Step(_JEQ, _DEAD, yes="edge"),
    _Step(_LDW, 16),
    _Step(_AND, _DEAD_MASK),
    _Step(_JEQ, _DEAD, no="drop"),
    _Step(_LDB_X, 13, label="edge"),
    _Step(_JSET, _SYN_FIN, yes="segment"),
    _Step(_LDB_X, 12),
    _Step(_AND, 0xF0),
    _Step(_RSH, 2),  # length of the TCP header
    _Step(_ADD_X),
    _Step(_TAX),
    _Step(_LDH, 2),
    _Step(_SUB_X),
    _Step(_JEQ, 0, yes="drop", no="segment"),  # no data: a bare acknowledgement
    _Step(_LDB, 9, label="udp"),
    _Step(_JEQ, _UDP, no="drop"),
    _Step(_LDX_IHL, 0),
    _Step(_LDH_X, 2),
    _Step(_JEQ, _DNS, yes="question"),
    _Step(_LDH_X, 0),
    _Step(_JEQ, _DNS, yes="question", no="drop"),
    _Step(_RET, 0, label="drop"),
    _Step(_RET, HEADERS, label="segment"),
    _Step(_RET, QUESTION, label="question"),
)


def program() -> list[tuple[int, int, int, int]]:
    """Instructions as the kernel takes them: code, relative jumps if true and if false, constant."""
    places = {step.label: index for index, step in enumerate(_STEPS) if step.label}

    def distance(index: int, label: str) -> int:
        return places[label] - index - 1 if label else 0

    return [
        (step.code, distance(index, step.yes), distance(index, step.no), step.value)
        for index, step in enumerate(_STEPS)
    ]
