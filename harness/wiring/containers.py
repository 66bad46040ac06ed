"""The helper that harms containers, for as long as somebody needs it: started, connected, ended; and repaired."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from harness.cluster.cluster import Cluster
from harness.cluster.guardian import Guardian, GuardianBox
from harness.cluster.images import ensure_images
from harness.cluster.stream import Heard
from harness.faults.catalogue import type_of
from harness.model.errors import ClusterError, ControlLost
from harness.model.plan import Plan
from harness.runner.ports import Acts, Wire

IDLE_S = 3.0
"""How long it may take to notice that a connection ended, and to undo what that one wanted."""


def harmed(plan: Plan) -> tuple[str, ...]:
    """Services whose containers the plan harms; none where it is the control arm."""
    names = (name for i in plan.injections if type_of(i.fault).act is not None for name in i.services)
    return tuple(dict.fromkeys(names))


@contextmanager
def guardian_of(plan: Plan, cluster: Cluster, owner: str, on_event: Heard) -> Iterator[Guardian | None]:
    """Its control stream in the name of `owner`, None if the plan harms no container.

    At the end it goes, unless somebody else is connected, something holds or something is left to be undone.
    """
    if not harmed(plan):
        yield None
        return
    guardian = _started(cluster, owner, on_event)
    try:
        yield guardian
    finally:
        guardian.close()
    _ended_if_idle(cluster.guardian_box())


@contextmanager
def guardian_on_demand(plan: Plan, cluster: Cluster, owner: str, on_event: Heard) -> Iterator[OnDemand]:
    """The same for a plan that is not whole yet: started when something is to be done to a container."""
    guardian = OnDemand(lambda: _started(cluster, owner, on_event))
    try:
        yield guardian
    finally:
        guardian.close()
    if guardian.used:
        _ended_if_idle(cluster.guardian_box())


class OnDemand:
    """A helper for containers that is not there before somebody wants something of it."""

    def __init__(self, start: Callable[[], Guardian]) -> None:
        self._start = start
        self._guardian: Guardian | None = None

    @property
    def used(self) -> bool:
        """Whether it was ever needed."""
        return self._guardian is not None

    def want(self, acts: Acts, lease_s: float) -> Wire:
        """Make this the complete desired state."""
        if self._guardian is None and acts:
            try:
                self._guardian = self._start()
            except ControlLost:
                raise
            except ClusterError as error:
                raise ControlLost(str(error)) from error
        return self._guardian.want(acts, lease_s) if self._guardian else {}

    def renew(self, lease_s: float) -> Wire:
        """Prolong the lease, where there is one."""
        return self._guardian.renew(lease_s) if self._guardian else {}

    def status(self) -> Wire:
        """All injections of all owners that hold now; nobody can hold any where nobody was asked."""
        return self._guardian.status() if self._guardian else {"injections": []}

    def heal(self) -> Wire:
        """Undo everything of everybody."""
        return self._guardian.heal() if self._guardian else {"left": []}

    def close(self) -> None:
        """End the control stream."""
        if self._guardian is not None:
            self._guardian.close()


def _started(cluster: Cluster, owner: str, on_event: Heard) -> Guardian:
    box = cluster.guardian_box()
    # Every volume that could be full, not only those of this plan: one that was left standing serves the next as well.
    box.start(ensure_images(lambda _: None).guardian, cluster.limited_volumes(cluster.services))
    return box.connect(owner, on_event)


def _ended_if_idle(box: GuardianBox) -> None:
    """Asked anew: the connection of the run may have ended with an earlier life of it. What does not answer stays."""
    with suppress(ClusterError):
        guardian = box.connect("end", lambda name, event: None)
        try:
            end = time.monotonic() + IDLE_S
            while (busy := _busy(guardian)) and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            guardian.close()
        if not busy:
            box.end()


def _busy(guardian: Guardian) -> bool:
    """Whether something holds or is left to undo, or somebody else is connected."""
    now = guardian.status()
    return bool(now["injections"]) or now["connections"] > 1


def guardian_repaired(cluster: Cluster, owner: str) -> bool:
    """Start it again, so that it undoes what its file says; True when nothing is left to be undone."""
    box = cluster.guardian_box()
    if box.restart() is None:
        return not box.has_file()
    guardian = box.connect(owner, lambda name, event: None)
    try:
        return not guardian.heal().get("left") and not guardian.status().get("injections")
    except ClusterError:
        return False
    finally:
        guardian.close()
