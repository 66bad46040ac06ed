"""Whose fault a stalled listener is: the kernel knows which dials of ours nobody answers.

A callee that is frozen, or has more connections waiting than it takes, drops every further SYN without a word.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from harness.containers.border.config import EdgeConfig, Endpoint

_SYN_SENT = "02"


def unanswered_dials(table: str = "/proc/net/tcp") -> set[Endpoint]:
    """Where connections of this container are under way to, without any answer yet."""
    found = set()
    for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == _SYN_SENT:
            address, _, port = fields[2].partition(":")
            found.add((socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)))
    return found


def stall_words(edge: EdgeConfig, seconds: float, *, unanswered: bool) -> str:
    """Why a listener stood still for so long; `unanswered`: a dial to its callee is under way without an answer."""
    words = f"its listener stood still for {seconds:g} s"
    if not unanswered:
        return words
    return f"{words}, because {edge.callee}:{edge.port} takes no more connections: frozen, or its backlog is full"
