"""One thread a border: keeps the lease alive, notices what was lost, and collects what the border saw."""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.model.errors import ControlLost
from harness.model.record import CanarySecond, EdgeSecond
from harness.runner.ports import BorderPort, Wire

LEASE_S = 3.0
RENEW_EVERY_S = 0.5
STATS_EVERY = 2
"""Statistics are asked for with every second renewal."""

Lost = Callable[[str, str], None]
"""(injection, reason)"""


class Heartbeat:
    """Runs until `stop`. Callbacks come from its thread."""

    def __init__(
        self, region: str, border: BorderPort, *, on_lost: Lost, on_rows: Callable[[str, Wire], None], on_dead: Lost
    ) -> None:
        self._region, self._border = region, border
        self._on_lost, self._on_rows, self._on_dead = on_lost, on_rows, on_dead
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{region}", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End, with one last look at the statistics."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        beat = 0
        try:
            while not self._stop.wait(RENEW_EVERY_S):
                for injection, reason in self._border.renew(LEASE_S).get("lost", {}).items():
                    self._on_lost(injection, str(reason))
                beat += 1
                if beat % STATS_EVERY == 0:
                    self._on_rows(self._region, self._border.stats())
            self._on_rows(self._region, self._border.stats(flush=True))
        except ControlLost as error:
            self._on_dead(self._region, str(error))


def edge_seconds(rows: Wire, shift_us: int) -> list[EdgeSecond]:
    """The rows of one `stats` answer, moved to the run's clock by `shift_us`."""
    found = []
    for row in rows.get("seconds", ()):
        fields: Wire = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        found.append(EdgeSecond(**fields | {"t_us": int(row["t_us"]) + shift_us}))
    return found


def canary_seconds(rows: Wire, border: str, shift_us: int) -> list[CanarySecond]:
    """The canary's rows of one `stats` answer, moved to the run's clock by `shift_us`."""
    return [
        CanarySecond(border=border, **{**row, "t_us": int(row["t_us"]) + shift_us}) for row in rows.get("canary", ())
    ]
