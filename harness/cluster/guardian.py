"""The guardian of a stack: started only when containers are to be harmed, on no network, told over `docker exec`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, NotFound
from docker.types import Mount

from harness.cluster.engine import connect
from harness.cluster.stream import Answer, ControlStream, Heard
from harness.model.act import ContainerAct
from harness.model.errors import ClusterError
from harness.model.labels import COMPOSE_PROJECT, LABEL_HOME, LABEL_PART, LABEL_RUN, PART_GUARDIAN

VARIABLE = "REGIONFALL_GUARDIAN"
SOCKET = "/var/run/docker.sock"
NOTES = "/var/lib/regionfall"
DISKS = "/disks"
WANT_S = 25.0
"""Deadline of a call that harms or heals: a whole region of containers may take seconds."""
STOP_S = 20
"""What it gets to undo everything when it is told to end."""

Acts = Mapping[str, tuple[float, Mapping[str, ContainerAct]]]
"""Injection -> (seconds left, service -> act)."""


class Guardian(ControlStream):
    """The guardian's control stream."""

    what = "guardian"

    def note(self, acts: Acts) -> list[dict[str, Any]]:
        """What would be written down for these acts before they are done; nothing is done."""
        return list(self._call("note", lease_s=0.0, acts=_wire(acts))["notes"])

    def want(self, acts: Acts, lease_s: float) -> Answer:
        """Everything that should hold from now on; what holds by read-back, and what is missing or left."""
        return self._call_within(WANT_S, "want", lease_s=lease_s, acts=_wire(acts))

    def renew(self, lease_s: float) -> Answer:
        """Prolongs the lease; which injections still hold by fresh read-back, and which were lost and why."""
        return self._call("renew", lease_s=lease_s)

    def status(self) -> Answer:
        """All injections of all owners, those included that could not be undone."""
        return self._call("status")

    def notes(self) -> list[dict[str, Any]]:
        """The undo file."""
        return list(self._call("notes")["notes"])

    def adopt(self, notes: Iterable[Mapping[str, Any]]) -> Answer:
        """Undo what these notes of somebody else say; `left` could not be verified."""
        return self._call_within(WANT_S, "adopt", notes=[dict(note) for note in notes])

    def heal(self) -> Answer:
        """Undo everything of everybody; `healed` and `left` (not verified)."""
        return self._call_within(WANT_S, "heal")


def _wire(acts: Acts) -> dict[str, Any]:
    return {
        injection: {"left_s": left_s, "services": {service: act.to_wire() for service, act in services.items()}}
        for injection, (left_s, services) in acts.items()
    }


class GuardianBox:
    """The guardian's container of one stack, whether it exists or not. Everything is found by label."""

    def __init__(self, client: docker.DockerClient, stack: str, labels: Mapping[str, str]) -> None:
        """`stack`: rendered project name; `labels`: run and home of the stack, which every part of it carries."""
        self._client, self.stack = client, stack
        self._labels = {COMPOSE_PROJECT: stack, **{name: labels[name] for name in (LABEL_HOME, LABEL_RUN)}}

    def find(self) -> Any | None:
        """The container, None if there is none. ClusterError when the engine does not answer."""
        wanted = [f"{COMPOSE_PROJECT}={self.stack}", f"{LABEL_PART}={PART_GUARDIAN}"]
        try:
            found = self._client.containers.list(all=True, filters={"label": wanted})
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not list the containers of {self.stack}: {error}") from error
        return found[0] if found else None

    def has_file(self) -> bool:
        """Whether an undo file may lie about: a guardian's volume exists."""
        try:
            self._client.volumes.get(self._volume)
        except NotFound:
            return False
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not list the volumes of {self.stack}: {error}") from error
        return True

    def start(self, image: str, disks: Mapping[str, str]) -> Any:
        """The container, running: made if there is none, let go on if it was paused. `disks`: service -> volume."""
        try:
            container = self.find()
            if container is not None and container.status == "paused":
                container.unpause()
            container = container or self._create(image, disks)
            container.start()
            return container
        except (DockerException, OSError) as error:
            raise ClusterError(f"the helper that harms and heals containers does not start: {error}") from error

    def end(self) -> None:
        """Let it undo what it holds, and take it and its file away; nothing happens if there is none."""
        container = self.find()
        try:
            if container is not None:
                container.stop(timeout=STOP_S)
                container.remove(force=True)
            with suppress(NotFound):
                self._client.volumes.get(self._volume).remove()
        except (DockerException, OSError) as error:
            raise ClusterError(f"the helper that heals containers cannot be taken away: {error}") from error

    def restart(self) -> Any | None:
        """Make it undo what its file says: it does so whenever it starts. None if there is none."""
        container = self.find()
        if container is not None:
            try:
                if container.status in ("running", "paused"):
                    container.kill()
                container.start()
            except (DockerException, OSError) as error:
                raise ClusterError(f"the helper that heals containers does not start again: {error}") from error
        return container

    def connect(self, owner: str, on_event: Heard) -> Guardian:
        """A control stream to the running guardian; ClusterError if there is none."""
        container = self.find()
        if container is None or container.status != "running":
            raise ClusterError(f"no helper for containers runs in the stack {self.stack}")
        return Guardian.connect(container, owner, on_event)

    @property
    def _volume(self) -> str:
        return f"{self.stack}_undo"

    def _create(self, image: str, disks: Mapping[str, str]) -> Any:
        labels = {**self._labels, LABEL_PART: PART_GUARDIAN}
        self._client.volumes.create(self._volume, labels=self._labels)
        places = {service: f"{DISKS}/{service}" for service in disks}
        told = {"project": self.stack, "image": image, "disks": places, "labels": self._labels}
        mounts = [Mount(SOCKET, SOCKET, type="bind"), Mount(NOTES, self._volume, type="volume")]
        mounts += [Mount(places[service], volume, type="volume") for service, volume in disks.items()]
        return self._client.containers.create(
            image,
            name=f"{self.stack}-guardian-{secrets.token_hex(3)}",  # a name that can be guessed may be somebody else's
            environment={VARIABLE: json.dumps(told)},
            labels=labels,
            mounts=mounts,
            network_mode="none",
            restart_policy={"Name": "on-failure"},
        )


def boxes(home: Path | None) -> list[GuardianBox]:
    """Every guardian of the engine, or those of one home, running or not; also where little else of a stack is left."""
    client = connect()
    labels = [f"{LABEL_PART}={PART_GUARDIAN}"] + ([f"{LABEL_HOME}={home.absolute()}"] if home else [])
    try:
        rows = client.api.containers(all=True, filters={"label": labels})
    except (DockerException, OSError) as error:
        raise ClusterError(f"the engine does not list its containers: {error}; `regionfall doctor`") from error
    needed = (COMPOSE_PROJECT, LABEL_HOME, LABEL_RUN)
    ours = [row["Labels"] for row in rows if all(row["Labels"].get(name) for name in needed)]
    return [GuardianBox(client, labels[COMPOSE_PROJECT], labels) for labels in ours]
