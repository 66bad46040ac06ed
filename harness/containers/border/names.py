"""The name that a DNS question asks for. Pure."""

from __future__ import annotations

_HEADER = 12


def asked_name(message: bytes) -> str:
    """The first question's name in lower case; '?' if the message is no question or was cut short."""
    if len(message) < _HEADER + 5 or message[2] & 0x80 or message[4:6] == b"\0\0":
        return "?"
    labels: list[str] = []
    at = _HEADER
    while at < len(message):
        length = message[at]
        if length == 0:
            return ".".join(labels) or "."
        if length > 63:
            break
        labels.append(message[at + 1 : at + 1 + length].decode("ascii", errors="replace").lower())
        at += 1 + length
    return "?"
