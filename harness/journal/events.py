"""The journal: one JSON line an event, flushed before the next step is taken, so it survives any crash of ours."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

FILE = "events.ndjson"


class Journal:
    """Appends events to `events.ndjson`. Safe to use from several threads; never rewrites a line."""

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream: TextIO = (folder / FILE).open("a", encoding="utf-8")
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seq = 0

    def write(self, event: str, **fields: object) -> None:
        """Append one event with its sequence number, monotonic second and wall clock; flushed on return."""
        with self._lock:
            if self._stream.closed:
                return
            self._seq += 1
            stamp = {"seq": self._seq, "mono": round(self._monotonic(), 6), "wall": datetime.now(UTC).isoformat()}
            self._stream.write(json.dumps({**stamp, "event": event, **fields}, default=str) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Close the file; later writes are dropped (a reader thread may still be ending)."""
        with self._lock:
            self._stream.close()


def read_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Events of a run folder in order. A last line cut short by a crash is left out; other garbage is skipped."""
    path = folder / FILE
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(event, dict) and isinstance(event.get("event"), str):
                yield event
