"""Probes while a run goes on: what they answer is stored, their last answers are there for stop conditions."""

from __future__ import annotations

import threading

from harness.model.plan import Plan
from harness.model.probe import Reading
from harness.model.progress import Said
from harness.probes.watch import Watch
from harness.runner.ports import NowUs
from harness.runner.rig import Rig


class Probing:
    """All probes of one run. Answers arrive on threads of their own; `drain` is called from the run's."""

    def __init__(self, plan: Plan, rig: Rig, now_us: NowUs) -> None:
        self._rig = rig
        self._lock = threading.Lock()
        self._fresh: list[Reading] = []
        self._last: dict[str, Reading] = {}
        world = rig.world
        self._watch = Watch(plan.probes, world, now_us=now_us, heard=self._heard) if plan.probes and world else None

    def start(self) -> None:
        """Begin to ask."""
        if self._watch is not None:
            self._watch.start()

    def stop(self) -> None:
        """Ask nothing any more."""
        if self._watch is not None:
            self._watch.stop()

    @property
    def last(self) -> dict[str, Reading]:
        """The newest answer of every probe that was asked already."""
        with self._lock:
            return dict(self._last)

    def drain(self) -> None:
        """Store what came since the last call; changes of state go to the journal and to the listener."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self._rig.store.add_readings(fresh)
        for reading in fresh:
            before = self._last.get(reading.probe)
            with self._lock:
                self._last[reading.probe] = reading
            if before is None or before.state is not reading.state:
                self._tell(reading, first=before is None)

    def _tell(self, reading: Reading, *, first: bool) -> None:
        self._rig.journal.write(
            "probe", probe=reading.probe, state=str(reading.state), at_us=reading.t_us, note=reading.note
        )
        if not first:
            why = f": {reading.note}" if reading.note else ""
            self._rig.say(Said(f"probe {reading.probe} is now {reading.state}{why}"))

    def _heard(self, reading: Reading) -> None:
        with self._lock:
            self._fresh.append(reading)
