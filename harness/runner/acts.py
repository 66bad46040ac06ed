"""What is done to containers, told beside the run's own loop: a service that ends in order may take half a minute.

Meanwhile cuts are lifted, phases begin and stop conditions are asked on time. Only one wish is under way; of those that
come meanwhile the newest is next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from harness.model.errors import ControlLost
from harness.runner.heartbeat import LEASE_S
from harness.runner.ports import Acts, GuardianPort, Wire

Spawn = Callable[[Callable[[], None]], None]
"""Runs what it is given: at once, or beside the caller."""


def at_once(work: Callable[[], None]) -> None:
    """In the caller's own time."""
    work()


def beside(work: Callable[[], None]) -> None:
    """In a thread of its own that keeps no process alive."""
    threading.Thread(target=work, name="acts", daemon=True).start()


class ToldActs:
    """The wish that the helper for containers was given last. Safe to call from several threads.

    `done` hears of every wish that was carried out and how it was answered, None where nobody did; `lost` hears why.
    """

    def __init__(
        self,
        guardian: GuardianPort | None,
        spawn: Spawn,
        done: Callable[[Acts, Wire | None], None],
        lost: Callable[[str], None],
    ) -> None:
        self._guardian, self._spawn, self._done, self._lost = guardian, spawn, done, lost
        self._free = threading.Condition()
        self._busy = False
        self._next: Acts | None = None
        self._wish: Acts = {}
        self._certain = True
        self._left: list[str] = []

    @property
    def wish(self) -> Acts:
        """What should be done, as far as it was told."""
        return self._wish

    def tell(self, acts: Acts, *, again: bool = False) -> None:
        """Make this the complete wish; nothing happens where it is the last one already, unless `again`."""
        with self._free:
            known = self._certain and _bare(acts) == _bare(self._wish) and not again
            if known or (self._guardian is None and not acts):
                self._certain = True
                return
            self._wish = self._next = acts
            self._certain = True
            if self._busy:
                return
            self._busy = True
        self._spawn(self._work)

    def finish(self) -> bool:
        """Wait until every wish was carried out, each in its own bounded time; whether the last left nothing."""
        with self._free:
            self._free.wait_for(lambda: not self._busy)
            return self._certain and not self._left

    def _work(self) -> None:
        try:
            while (acts := self._taken()) is not None:
                self._done(acts, self._ask(acts))
        except BaseException:  # a bug, a full disk, a second signal: nobody may wait for this for ever
            with self._free:
                self._busy, self._certain, self._next = False, False, None
                self._free.notify_all()
            raise

    def _taken(self) -> Acts | None:
        with self._free:
            acts, self._next = self._next, None
            if acts is None:
                self._busy = False
                self._free.notify_all()
            return acts

    def _ask(self, acts: Acts) -> Wire | None:
        try:
            if self._guardian is None:
                raise ControlLost("nothing that could harm a container was started")
            answer = self._guardian.want(acts, LEASE_S)
            self._left = answer.get("left", [])
            return answer
        except ControlLost as error:
            with self._free:
                self._certain = False
            self._lost(str(error))
            return None


def _bare(acts: Acts) -> dict[str, object]:
    """Without the seconds left, which differ each time."""
    return {name: services for name, (_, services) in acts.items()}
