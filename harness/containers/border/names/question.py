"""What a DNS message asks or answers, as far as an observer needs it. Pure, and safe with any bytes."""

from __future__ import annotations

from typing import NamedTuple

from dnslib import QTYPE, DNSRecord

_HEADER = 12


class Question(NamedTuple):
    """Message id, name in lower case without its last dot ('?' if unreadable), and record type (1 is A)."""

    id: int
    name: str
    type: int


def asked(message: bytes) -> Question:
    """The first question of a message; name '?' if it is no question or was cut short."""
    if len(message) < _HEADER + 5 or message[2] & 0x80 or message[4:6] == b"\0\0":
        return Question(0, "?", 0)
    labels: list[str] = []
    at = _HEADER
    while at < len(message):
        length = message[at]
        if length == 0:
            kind = int.from_bytes(message[at + 1 : at + 3], "big")
            return Question(int.from_bytes(message[:2], "big"), ".".join(labels) or ".", kind)
        if length > 63:
            break
        labels.append(message[at + 1 : at + 1 + length].decode("ascii", errors="replace").lower())
        at += 1 + length
    return Question(0, "?", 0)


def asked_name(message: bytes) -> str:
    """The name that is asked for; '?' if there is none."""
    return asked(message).name


def answered(message: bytes) -> tuple[int, frozenset[str]] | None:
    """Id and IPv4 addresses of an answer (none if the name has no address); None if it cannot be read."""
    try:
        record = DNSRecord.parse(message)
    except Exception:  # whatever a stranger's bytes make the library raise
        return None
    if not record.header.qr:
        return None
    return record.header.id, frozenset(str(item.rdata) for item in record.rr if item.rtype == QTYPE.A)
