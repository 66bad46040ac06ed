"""The last rungs of the undo ladder for one proxy: a new control stream, then a restart of its container."""

from __future__ import annotations

from typing import Any

from harness.cluster.cluster import Cluster
from harness.model.errors import ClusterError


def repaired(cluster: Cluster, region: str, owner: str) -> bool:
    """True when the proxy of `region` answers again and nothing holds on it."""
    return _clean(cluster, region, owner) or _restarted_clean(cluster, region, owner)


def _clean(cluster: Cluster, region: str, owner: str) -> bool:
    try:
        border = cluster.repair(region, owner, _unheard)
    except ClusterError:
        return False
    try:
        return not border.heal().get("left") and not border.status().get("injections")
    except ClusterError:
        return False
    finally:
        border.close()


def _restarted_clean(cluster: Cluster, region: str, owner: str) -> bool:
    """A proxy boots without any fault, so a restart is an undo."""
    container = cluster.border_containers[region]
    container.restart(timeout=1)
    return _clean(cluster, region, owner)


def _unheard(region: str, event: dict[str, Any]) -> None:
    return None
