"""The end of what a command said, in bounded memory."""

from __future__ import annotations

KEPT_BYTES = 65_536
LINES = 20
LONGEST = 300
"""Characters of a line that are kept."""


class Tail:
    """Takes any amount of output, remembers the end."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """More output."""
        self._data += data
        if len(self._data) > 2 * KEPT_BYTES:
            del self._data[:-KEPT_BYTES]

    def text(self) -> str:
        """All that is remembered."""
        return self._data.decode(errors="replace")

    def lines(self) -> tuple[str, ...]:
        """The last lines, printable, each cut to `LONGEST` characters; empty ones are left out."""
        clean = (_printable(line.rstrip()) for line in self.text().splitlines() if line.strip())
        return tuple(line[:LONGEST] for line in list(clean)[-LINES:])


def _printable(line: str) -> str:
    """Terminal codes of a guest must not reach a terminal of ours."""
    return "".join(char if char.isprintable() else " " for char in line)
