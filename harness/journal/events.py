"""The journal: one JSON line an event, flushed before the next step is taken, so it survives any crash of ours."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.model.errors import UsageError
from harness.model.masking import NO_SECRETS, Mask

FILE = "events.ndjson"
_MOST_WAITING = 1_000_000
"""Bytes that wait for room on the disk; what comes later is dropped."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    """Appends events to `events.ndjson`. Safe to use from several threads; never rewrites a line.

    A disk that takes nothing more (full, gone) never raises here, since whoever writes may be about to heal: what
    could not be written waits for room, and `on_broken(reason)` is called once, so that the run comes to its end.
    """

    def __init__(
        self,
        folder: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = _utc_now,
        on_broken: Callable[[str], None] = lambda reason: None,
        mask: Mask = NO_SECRETS,
    ) -> None:
        self._file: io.FileIO = (folder / FILE).open("ab", buffering=0)
        self._monotonic, self._wall, self._on_broken = monotonic, wall, on_broken
        self._mask = mask
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._seq = 0
        self.broken = ""
        """Why the disk took nothing more, '' if it always did."""

    def write(self, event: str, **fields: object) -> None:
        """Append one event with its sequence number, monotonic second and wall clock; with the system on return."""
        fields = {name: self._mask.tree(_plain(value)) for name, value in fields.items()}
        with self._lock:
            if self._file.closed:
                return
            self._seq += 1
            stamp = {"seq": self._seq, "mono": round(self._monotonic(), 6), "wall": self._wall().isoformat()}
            if len(self._waiting) < _MOST_WAITING:
                self._waiting += json.dumps({**stamp, "event": event, **fields}).encode() + b"\n"
            news = self._flush()
        if news:
            self._on_broken(news)

    def close(self) -> None:
        """Close the file; later writes are dropped (a reader thread may still be ending)."""
        with self._lock:
            if not self._file.closed:
                self._flush()
            with suppress(OSError):
                self._file.close()

    def _flush(self) -> str:
        """Write what waits; the reason when that fails for the first time."""
        try:
            while self._waiting:
                del self._waiting[: self._file.write(self._waiting)]
        except OSError as error:
            if not self.broken:
                self.broken = f"the journal cannot be written: {error.strerror or error}"
                return self.broken
        return ""


def _plain(value: object) -> Any:
    """As JSON will hold it; what JSON does not know becomes its text, so that it can be looked through."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Events of a run folder in order. A last line cut short by a crash is left out; other garbage is skipped."""
    path = folder / FILE
    if not path.exists():
        return
    try:
        stream = path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); restore it from a copy") from error
    with stream:
        for line in stream:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                yield event
