"""The undo ladder of one proxy container: ask it, start it again, make it anew from its definition; then a person."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from docker.errors import DockerException

from harness.cluster.cluster import Cluster
from harness.cluster.recreate import by_hand, recreated
from harness.model.errors import ClusterError
from harness.runner.ladder import Rung, Tried, climb

ASK_S, RESTART_S, RECREATE_S = 30.0, 45.0, 90.0
"""Seconds that each rung gets. A proxy container that is asked replaces what does not answer inside it by itself."""
Told = Callable[[str, Tried], None]
"""(region, what became of a rung)"""


def repaired(cluster: Cluster, region: str, owner: str, told: Told = lambda region, tried: None) -> bool:
    """True when the proxy of `region` answers again and nothing holds on it."""
    return climb(_rungs(cluster, region, owner), lambda tried: told(region, tried))


def stuck_words(cluster: Cluster, region: str) -> str:
    """What is left for a person to do: the exact commands."""
    return f"proxy of {region}: {by_hand(cluster.border_containers[region])}"


def _rungs(cluster: Cluster, region: str, owner: str) -> Iterator[Rung]:
    container = cluster.border_containers[region]

    def asked() -> bool:
        return _clean(cluster, region, owner)

    def restarted() -> bool:
        container.restart(timeout=1)  # a proxy boots without any fault, so a restart is an undo
        return asked()

    def anew() -> bool:
        recreated(container)
        cluster.border_containers[region] = _again(cluster, container)
        return asked()

    yield Rung("ask again", ASK_S, asked)
    yield Rung("start again", RESTART_S, restarted)
    yield Rung("make anew", RECREATE_S, anew)


def _clean(cluster: Cluster, region: str, owner: str) -> bool:
    border = cluster.repair(region, owner, _unheard)
    try:
        return not border.heal().get("left") and not border.status().get("injections")
    finally:
        border.close()


def _again(cluster: Cluster, old: Any) -> Any:
    """The container that took the old one's place."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            found = old.client.containers.get(old.name)
        except DockerException:
            found = None
        if found is not None and found.id != old.id:
            return found
        time.sleep(0.1)
    raise ClusterError(f"no new container took the place of {old.name}")


def _unheard(region: str, event: dict[str, Any]) -> None:
    return None
