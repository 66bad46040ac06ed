"""Volumes before guests start: the user's own must exist, copies get their contents."""

from __future__ import annotations

from collections.abc import Callable

import docker
from docker.errors import DockerException, NotFound

from harness.cluster.weave.woven import Copy, Woven
from harness.model.errors import ClusterError
from harness.model.labels import LABEL_HOME, LABEL_PROJECT, LABEL_RUN


def prepare_volumes(client: docker.DockerClient, woven: Woven, progress: Callable[[str], None]) -> None:
    """Check shared volumes and fill copies. Raises ClusterError naming the volume."""
    for name in woven.shared:
        if not _exists(client, name):
            raise ClusterError(
                f"volume {name!r} of project {woven.project} does not exist (volumes: share)\n"
                "  next: start the project once by itself, or use volumes: fresh"
            )
    for copy in woven.copies:
        if not _exists(client, copy.source):
            progress(f"volume {copy.source} does not exist yet: its copy starts empty")
            continue
        progress(f"copying volume {copy.source}")
        _fill(client, woven, copy)


def _exists(client: docker.DockerClient, name: str) -> bool:
    try:
        client.api.inspect_volume(name)
    except NotFound:
        return False
    return True


def _fill(client: docker.DockerClient, woven: Woven, copy: Copy) -> None:
    """Compose takes the volume over: it carries the labels that Compose would have given it."""
    ours = {LABEL_HOME: str(woven.home), LABEL_RUN: woven.run, LABEL_PROJECT: woven.project}
    key = copy.target.removeprefix(f"{woven.name}_")
    compose = {"com.docker.compose.project": woven.name, "com.docker.compose.volume": key}
    try:
        client.api.create_volume(copy.target, labels=ours | compose)
        client.containers.run(
            woven.base,
            ["cp", "-a", "/from/.", "/to/"],
            volumes={copy.source: {"bind": "/from", "mode": "ro"}, copy.target: {"bind": "/to", "mode": "rw"}},
            network_mode="none",
            labels=ours | compose,
            remove=True,
        )
    except DockerException as error:
        raise ClusterError(
            f"volume {copy.source!r} could not be copied: {error}\n  next: use volumes: fresh"
        ) from error
