"""The engine as the guardian may use it: guests of its own project, proved to be that by label at every single act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
from docker.errors import DockerException, NotFound

from harness.model.labels import COMPOSE_PROJECT, COMPOSE_SERVICE, LABEL_PART, PART_GUEST

PATIENCE_S = 10
GRACE_S = 2
"""Between SIGTERM and SIGKILL when a service is stopped."""


class Refused(Exception):
    """The engine or the kernel did not do it; the text says why."""


class Foreign(Refused):
    """Not a guest of our project: never touched."""


class Gone(Refused):
    """There is no such container any more."""


class Engine:
    """Containers of the guests of one project. Safe to call from several threads."""

    def __init__(self, project: str, client: docker.DockerClient | None = None) -> None:
        self._project = project
        self._api: Any = (client or docker.from_env(timeout=PATIENCE_S)).api

    @property
    def raw(self) -> Any:
        """The SDK's low-level client, for what is not a guest."""
        return self._api

    def find(self, service: str) -> str:
        """The container of a guest service; Gone if it has none."""
        labels = [f"{COMPOSE_PROJECT}={self._project}", f"{COMPOSE_SERVICE}={service}", f"{LABEL_PART}={PART_GUEST}"]
        rows = self._call("containers", all=True, filters={"label": labels})
        if not rows:
            raise Gone(f"service {service!r} has no container in {self._project}")
        return str(rows[0]["Id"])

    def look(self, container: str) -> Mapping[str, Any]:
        """The engine's description. Foreign if the labels are not those of a guest of ours, Gone if it is not there."""
        attrs: Mapping[str, Any] = self._call("inspect_container", container)
        labels = attrs["Config"].get("Labels") or {}
        if labels.get(COMPOSE_PROJECT) != self._project or labels.get(LABEL_PART) != PART_GUEST:
            raise Foreign(f"container {container[:12]} is not a service of {self._project}: not touched")
        return attrs

    def kill(self, container: str) -> None:
        """SIGKILL; its restart policy does not bring it back."""
        self._act("kill", container)

    def stop(self, container: str) -> None:
        """Its stop signal, SIGKILL after two seconds."""
        self._act("stop", container, timeout=GRACE_S)

    def start(self, container: str) -> None:
        """Start it as it is defined."""
        self._act("start", container)

    def pause(self, container: str) -> None:
        """Freeze all its processes."""
        self._act("pause", container)

    def unpause(self, container: str) -> None:
        """Let them go on."""
        self._act("unpause", container)

    def update(self, container: str, limits: Mapping[str, int]) -> None:
        """Change limits of a live container. The SDK's own call does not know all of them."""
        self.look(container)
        try:
            answer = self._api._post_json(self._api._url("/containers/{0}/update", container), data=dict(limits))
            self._api._raise_for_status(answer)
        except (DockerException, OSError) as error:
            raise Refused(_text(error)) from error

    def _act(self, name: str, container: str, **fields: Any) -> None:
        self.look(container)
        self._call(name, container, **fields)

    def _call(self, name: str, *args: Any, **fields: Any) -> Any:
        try:
            return getattr(self._api, name)(*args, **fields)
        except NotFound as error:
            raise Gone(_text(error)) from error
        except (DockerException, OSError) as error:
            raise Refused(_text(error)) from error


def _text(error: BaseException) -> str:
    words = getattr(error, "explanation", None) or error
    return (str(words).strip() or type(error).__name__).splitlines()[0][:300]
