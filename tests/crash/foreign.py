"""Containers of somebody else, named and labelled so that a careless clean-up would take them for ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import docker

from harness.model.labels import LABEL_HOME, LABEL_PART, LABEL_PROJECT, LABEL_REGION, LABEL_RUN, PART_BORDER

COMPOSE_PROJECT, COMPOSE_SERVICE = "com.docker.compose.project", "com.docker.compose.service"
_ACTIONS = ("die", "kill", "stop", "start", "restart", "pause", "unpause", "update", "destroy", "rename", "oom")


class Foreign:
    """Bystanders of one stack. `touched()` names those to whom something happened since the last call."""

    def __init__(self, client: docker.DockerClient, containers: Sequence[Any]) -> None:
        self._client, self._containers = client, containers
        self._since = time.time()
        self._before = self._states()

    def touched(self) -> list[str]:
        """Names of containers that changed, or about which the engine reported anything but our looking."""
        until = time.time()
        names = {container.id: container.name for container in self._containers}
        after = self._states()
        found = {names[key] for key in names if after[key] != self._before[key]}
        filters = {"type": "container", "container": list(names), "event": list(_ACTIONS)}
        events = self._client.events(since=f"{self._since:.3f}", until=f"{until:.3f}", decode=True, filters=filters)
        found |= {names[event["id"]] for event in events if event.get("id") in names}
        self._since, self._before = until, after
        return sorted(found)

    def _states(self) -> dict[str, str]:
        return {container.id: self._state(container.id) for container in self._containers}

    def _state(self, container: str) -> str:
        try:
            seen = self._client.api.inspect_container(container)
        except docker.errors.NotFound:
            return "gone"
        limits = {key: seen["HostConfig"][key] for key in ("Memory", "NanoCpus", "CpuQuota", "PidsLimit")}
        networks = sorted(seen["NetworkSettings"]["Networks"])
        kept = {key: seen["State"][key] for key in ("Status", "Pid", "StartedAt")}
        return json.dumps([seen["Name"], kept, seen["RestartCount"], limits, networks], sort_keys=True)


def bystanders(woven: str, home: str, other_home: str) -> list[tuple[str, dict[str, str], str]]:
    """(name, labels, state) of containers that are nearly ours: every label of ours is there, but never all of them.

    `home` is ours. A paused and a stopped one stay so.
    """
    nearly = {LABEL_HOME: other_home, LABEL_PART: PART_BORDER, LABEL_REGION: "east", LABEL_RUN: "x"}
    return [
        (f"{woven}-orders-2", {}, "running"),
        (f"{woven}-border-west-1-copy", {COMPOSE_PROJECT: f"{woven}x", COMPOSE_SERVICE: "border-west"}, "running"),
        (f"{woven}-stock-other", {**nearly, COMPOSE_PROJECT: woven, COMPOSE_SERVICE: "stock"}, "running"),
        (f"{woven}-guardian", {LABEL_PROJECT: "crash", COMPOSE_PROJECT: "crash"}, "paused"),
        (f"{woven}-load-old", {LABEL_HOME: f"{home}/", COMPOSE_PROJECT: woven}, "exited"),
    ]


@contextmanager
def foreign(woven: str, home: str, image: str) -> Iterator[Foreign]:
    """Bystanders of the stack `woven` of the folder `home`; removed at the end."""
    client = docker.from_env()
    made: list[Any] = []
    try:
        for name, labels, state in bystanders(woven, home, home + "-of-somebody-else"):
            more: dict[str, Any] = {"network_mode": "none", "entrypoint": ["sleep", "infinity"]}
            container = client.containers.create(image, name=name, labels=labels, **more)
            made.append(container)
            container.start()
            if state == "paused":
                container.pause()
            if state == "exited":
                container.kill()
                container.wait(timeout=10)
        yield Foreign(client, made)
    finally:
        for container in made:
            container.remove(force=True)
