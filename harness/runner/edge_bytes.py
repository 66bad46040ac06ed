"""Bytes per second over every edge in the last whole seconds, for probes that ask while the run goes on."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterable

from harness.model.record import EdgeSecond

WINDOW_US = 3_000_000
LAG_US = 1_500_000
"""Seconds arrive so much later than they end: a window that reached up to now would always look too quiet."""


class EdgeBytes:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, deque[tuple[int, int]]] = defaultdict(deque)
        self._first_us: int | None = None
        self._now_us = 0

    def add(self, rows: Iterable[EdgeSecond], now_us: int) -> None:
        """Seconds that a border reported at `now_us` on the run's clock; an edge without traffic has none."""
        with self._lock:
            self._now_us = max(self._now_us, now_us)
            self._first_us = now_us if self._first_us is None else self._first_us
            for row in rows:
                self._rows[row.edge].append((row.t_us, row.up_bytes + row.down_bytes))
            for kept in self._rows.values():
                while kept and kept[0][0] < self._now_us - 3 * WINDOW_US:
                    kept.popleft()

    def per_second(self, edge: str) -> float | None:
        """Both directions; None until a whole window has been watched."""
        with self._lock:
            if self._first_us is None or self._now_us - self._first_us < WINDOW_US + LAG_US:
                return None
            end = self._now_us - LAG_US
            moved = sum(count for t_us, count in self._rows.get(edge, ()) if end - WINDOW_US <= t_us < end)
            return moved / (WINDOW_US / 1e6)
