"""One thread a border, and one for the helper that harms containers: keeps the lease alive, notices what was lost, and
collects what the border saw."""

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


class Pulse:
    """Renews one lease until `stop`. Callbacks come from its thread."""

    def __init__(self, name: str, renew: Callable[[float], Wire], *, on_lost: Lost, on_dead: Lost) -> None:
        self._name, self._renew = name, renew
        self._on_lost, self._on_dead = on_lost, on_dead
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{name}", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End, after whatever is left to do."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        beat = 0
        try:
            while not self._stop.wait(RENEW_EVERY_S):
                for injection, reason in self._renew(LEASE_S).get("lost", {}).items():
                    self._on_lost(injection, str(reason))
                beat += 1
                self._beaten(beat)
            self._ended()
        except ControlLost as error:
            self._on_dead(self._name, str(error))

    def _beaten(self, beat: int) -> None:
        """After every renewal."""

    def _ended(self) -> None:
        """Before the thread ends in order."""


class Heartbeat(Pulse):
    """The pulse of one border, which also brings what it saw; the last second when it stops."""

    def __init__(
        self, region: str, border: BorderPort, *, on_lost: Lost, on_rows: Callable[[str, Wire], None], on_dead: Lost
    ) -> None:
        super().__init__(region, border.renew, on_lost=on_lost, on_dead=on_dead)
        self._border, self._on_rows = border, on_rows

    def _beaten(self, beat: int) -> None:
        if beat % STATS_EVERY == 0:
            self._on_rows(self._name, self._border.stats())

    def _ended(self) -> None:
        self._on_rows(self._name, self._border.stats(flush=True))


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
