"""The process that holds one fault by hand: `python -m harness.wiring.hand.holder FOLDER`.

Its control streams end with it, however it ends, and with them the fault. It lives no longer than the fault's deadline.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from harness.cluster.cluster import Cluster, find_cluster
from harness.cluster.control import Border
from harness.cluster.guardian import Guardian
from harness.cluster.lock import project_lock
from harness.journal.events import Journal
from harness.journal.lever import engaged
from harness.journal.manifest import Manifest, read_manifest
from harness.journal.store import SampleStore
from harness.model.errors import ClusterError, HarnessError
from harness.model.plan import Plan
from harness.model.record import PhaseWindow
from harness.runner.desired import changes_at
from harness.runner.heartbeat import Heartbeat, Pulse, canary_seconds, edge_seconds
from harness.runner.injector import CONTAINERS, Injector
from harness.runner.rig import Inbox, StopClock
from harness.wiring.callees import follow_services
from harness.wiring.containers import guardian_of
from harness.wiring.hand.place import lock_name

HISTORY_S = 30
"""How far back "before" reaches: seconds that the proxies remember."""
_PACE_S = 0.05
PROJECT = "project"
"""Key of the manifest's environment: the rendered project that the fault is on."""


class Holder:
    """Holds the one injection of `plan`; `hold` once."""

    def __init__(self, plan: Plan, folder: Path, journal: Journal, clock: StopClock) -> None:
        self.plan, self.folder, self.journal, self.clock = plan, folder, journal, clock
        self.zero_mono = clock.monotonic()
        self.over = ""
        self.injector: Injector | None = None
        self.inbox = Inbox()

    def run_us(self) -> int:
        """Microseconds of the fault's own clock, on which 0 lies `HISTORY_S` before it."""
        return round((self.clock.monotonic() - self.zero_mono + HISTORY_S) * 1e6)

    def wall_s(self) -> float:
        """Seconds since the fault was added."""
        return self.run_us() / 1e6 - HISTORY_S

    def hold(self, borders: dict[str, Border], guardian: Guardian | None, stopped: Callable[[], str]) -> None:
        """Until the deadline, until asked to end, or until it was taken away. Lifts it on every way out."""
        store = SampleStore(self.folder / "samples.sqlite")
        injector = self.injector = Injector(
            self.plan, borders, self.journal, lambda event: None, self.run_us, guardian=guardian
        )
        hearts: list[Pulse] = [
            Heartbeat(region, border, on_lost=self._lost, on_rows=self.inbox.rows, on_dead=self._lost)
            for region, border in borders.items()
        ]
        if guardian is not None:
            hearts.append(Pulse(CONTAINERS, guardian.renew, on_lost=self._lost, on_dead=self._lost))
        try:
            self._begin(borders, store)
            injector.apply(0.0)
            for heart in hearts:
                heart.start()
            self._keep(injector, store, borders, stopped)
        finally:
            verified = injector.heal_all()
            for heart in hearts:
                with suppress(RuntimeError):  # never started
                    heart.stop()
            self._store(store, borders)
            self._phases(store)
            store.close()
            injector.close()
            self.journal.write("run_closed", status="completed", cleanup="verified" if verified else "unverified")

    def _begin(self, borders: dict[str, Border], store: SampleStore) -> None:
        """Second 0, and what the proxies remember of the time before."""
        self.zero_mono = self.clock.monotonic()
        self.journal.write("anchor", load_start_mono=self.zero_mono - HISTORY_S, zero_us=HISTORY_S * 1_000_000)
        store.set_zero(HISTORY_S * 1_000_000)
        for region, border in borders.items():
            self.inbox.rows(region, border.stats(back_s=HISTORY_S))
        self._store(store, borders)
        self._phases(store)

    def _keep(
        self, injector: Injector, store: SampleStore, borders: dict[str, Border], stopped: Callable[[], str]
    ) -> None:
        moments = [moment for moment in changes_at(self.plan) if moment > 0]
        noted = 0.0
        while (wall := self.wall_s()) < self.plan.end_s and not self.over:
            self.over = stopped()
            while moments and moments[0] <= wall:
                moments.pop(0)
                injector.apply(wall)
            if not injector.holding:
                self.over = self.over or "it did not hold"
            self._store(store, borders)
            if wall - noted >= 1.0:
                noted = wall
                self._phases(store)
            self.clock.wait(_PACE_S)

    def _lost(self, name: str, reason: str) -> None:
        """It was taken away (by `heal`, by hand in a proxy), or a proxy does not answer any more."""
        if self.injector is not None:
            self.injector.lost(self.plan.injections[0].id, reason)
        self.over = reason

    def _store(self, store: SampleStore, borders: dict[str, Border]) -> None:
        _, rows, _ = self.inbox.drain()
        for region, answer in rows:
            shift = -borders[region].clock_offset_us - round((self.zero_mono - HISTORY_S) * 1e6)
            store.add_edge_seconds(edge_seconds(answer, shift))
            store.add_canary(canary_seconds(answer, region, shift))

    def _phases(self, store: SampleStore) -> None:
        zero = HISTORY_S * 1_000_000
        store.set_phases([PhaseWindow("steady", 0, zero), PhaseWindow("held", zero, max(self.run_us(), zero + 1))])
        store.commit()


def hold(folder: Path) -> int:
    """Hold the fault that `folder` orders; what happens is in its journal. Answers the exit code."""
    clock = StopClock()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda found, frame: clock.stop(found))
    journal = Journal(folder)
    try:
        manifest = read_manifest(folder)
        home = folder.parent.parent
        with project_lock(home, lock_name(folder.name), folder.name):
            cluster = find_cluster(home, manifest.environment[PROJECT])
            if cluster is None:
                raise ClusterError("the stack is not up any more")
            with (
                _connected(cluster, manifest, journal) as borders,
                guardian_of(manifest.plan, cluster, manifest.run, _heard(journal)) as guardian,
                follow_services(cluster, borders, journal),
            ):
                Holder(manifest.plan, folder, journal, clock).hold(borders, guardian, lambda: _stopped(clock, home))
    except HarnessError as error:
        journal.write("run_failed", reason=str(error), code=error.exit_code)
        return error.exit_code
    except Exception as error:
        journal.write("run_failed", reason=f"internal error: {error!r}", code=70)
        raise
    return 0


def _stopped(clock: StopClock, home: Path) -> str:
    if clock.stopped:
        return "asked to end"
    return "the lever is engaged" if engaged(home) else ""


def _heard(journal: Journal) -> Callable[[str, dict[str, Any]], None]:
    """Writes down what a proxy, or the helper for containers, says unasked."""

    def heard(name: str, event: dict[str, Any]) -> None:
        fields = {key: value for key, value in event.items() if key not in ("event", "border")}
        journal.write(str(event.get("event", "unknown")), border=name, **fields)

    return heard


@contextmanager
def _connected(cluster: Cluster, manifest: Manifest, journal: Journal) -> Iterator[dict[str, Border]]:
    """Proxies of the regions that the fault needs, connected in its own name."""
    plan = manifest.plan
    regions = {plan.stack.edge(edge).caller_region for edge in plan.injections[0].edges}
    regions |= {plan.stack.service(service).region for service in plan.injections[0].services}
    borders: dict[str, Border] = {}
    try:
        for region in sorted(regions):
            borders[region] = Border.connect(cluster.border_containers[region], manifest.run, _heard(journal))
        yield borders
    finally:
        for border in borders.values():
            border.close()


if __name__ == "__main__":
    sys.exit(hold(Path(sys.argv[1])))
