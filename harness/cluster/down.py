"""Taking a stack away: by label only, never by name; safe to repeat; answers what is left instead of hoping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound

from harness.model.errors import ClusterError
from harness.model.labels import LABEL_PART, PART_BORDER, PART_GUEST

STOP_S = 1
"""What a guest gets between SIGTERM and SIGKILL."""

_WORKERS = 8
_ROUNDS = 3


def sweep(client: docker.DockerClient, labels: Mapping[str, str]) -> list[str]:
    """Remove every container, network and volume that carries all `labels`; the names of what is left (none: clean).

    Volumes without our labels (a user's own) are not touched. Raises ClusterError when the engine does not answer.
    """
    if not labels:
        raise ValueError("a sweep without labels would take everything")
    filters = {"label": [f"{key}={value}" for key, value in labels.items()]}
    try:
        for _ in range(_ROUNDS):
            _sweep_once(client, filters)
            left = _listed(client, filters)
            if not left:
                return []
        return left
    except (DockerException, OSError) as error:
        raise ClusterError(
            f"the engine did not answer while taking the stack down: {error}\n  next: `regionfall down` again"
        ) from error


def _sweep_once(client: docker.DockerClient, filters: dict[str, Any]) -> None:
    api = client.api
    containers = api.containers(all=True, filters=filters)
    guests = [c for c in containers if c["Labels"].get(LABEL_PART) == PART_GUEST and c["State"] == "running"]
    _each((c["Id"] for c in guests), lambda name: api.stop(name, timeout=STOP_S))
    for container in containers:
        if container["Labels"].get(LABEL_PART) == PART_BORDER:
            _unplug(client, container)
    _each((c["Id"] for c in containers), lambda name: api.remove_container(name, force=True, v=True))
    networks = api.networks(filters=filters)
    _each((n["Id"] for n in networks), lambda name: _remove_network(client, name))
    volumes = api.volumes(filters=filters).get("Volumes") or ()
    _each((v["Name"] for v in volumes), lambda name: api.remove_volume(name))


def _unplug(client: docker.DockerClient, border: Mapping[str, Any]) -> None:
    """Take a border out of all networks but its first by name (its way out), last first.

    A container that ends is unplugged by the engine in the other order, and each time its published ports move to
    the next network: 6 s for 20 networks instead of 1.5 s.
    """
    plugged = (border.get("NetworkSettings") or {}).get("Networks") or {}
    names = sorted(plugged)[1:]
    _each(
        reversed(names),
        lambda name: client.api.disconnect_container_from_network(border["Id"], plugged[name]["NetworkID"], force=True),
    )


def _each(names: Iterable[str], action: Callable[[str], Any]) -> None:
    """Side by side; what is gone already is fine, what cannot be done shows in the read-back afterwards."""

    def tolerant(name: str) -> None:
        with suppress(NotFound, APIError):
            action(name)

    with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="down") as pool:
        list(pool.map(tolerant, list(names)))


def _remove_network(client: docker.DockerClient, name: str) -> None:
    """Somebody else's container in one of our networks is only unplugged, never removed."""
    try:
        client.api.remove_network(name)
    except APIError:
        for foreign in client.api.inspect_network(name).get("Containers") or {}:
            client.api.disconnect_container_from_network(foreign, name, force=True)
        client.api.remove_network(name)


def _listed(client: docker.DockerClient, filters: dict[str, Any]) -> list[str]:
    api = client.api
    containers = [c["Names"][0].lstrip("/") for c in api.containers(all=True, filters=filters)]
    networks = [f"network {n['Name']}" for n in api.networks(filters=filters)]
    volumes = [f"volume {v['Name']}" for v in api.volumes(filters=filters).get("Volumes") or ()]
    return containers + networks + volumes
