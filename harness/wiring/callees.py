"""Engine events of guests reach every border: a callee that is down must look down at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from harness.cluster.cluster import Cluster
from harness.cluster.control import Border
from harness.journal.events import Journal
from harness.model.errors import ControlLost

GONE = frozenset({"die", "kill", "stop", "oom"})
BACK = frozenset({"start", "unpause"})


@contextmanager
def follow_services(cluster: Cluster, borders: Mapping[str, Border], journal: Journal) -> Iterator[None]:
    """Pass on what happens to guests' containers for as long as the scope lasts."""

    def on_event(service: str, action: str, code: int | None) -> None:
        journal.write("service_event", service=service, action=action, **({} if code is None else {"code": code}))
        if action not in GONE | BACK:
            return
        for border in borders.values():
            try:
                border.down(service, action in GONE)
            except ControlLost:
                continue  # the heartbeat of that border reports it

    stop = cluster.service_events(on_event)
    try:
        yield
    finally:
        stop()
