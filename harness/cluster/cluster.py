"""A rendered project that is up: its borders, its load container, and how to look at it and take it away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from harness.cluster.control import Border
from harness.cluster.down import sweep
from harness.cluster.engine import connect
from harness.cluster.events import Heard, ServiceEvents
from harness.cluster.guardian import GuardianBox
from harness.cluster.readiness import READY_S
from harness.cluster.start import PROJECT_LABEL, Progress, Start, connected, log_text
from harness.cluster.weave.woven import Woven
from harness.model.errors import ClusterError
from harness.model.labels import (
    LABEL_DIGEST,
    LABEL_HOME,
    LABEL_LOOKED_UP,
    LABEL_PART,
    LABEL_PROJECT,
    LABEL_PUBLISHED,
    LABEL_REGION,
    LABEL_REQUESTS,
    LABEL_RUN,
    PART_BORDER,
    PART_GUEST,
    PART_LOAD,
)
from harness.spec.labels import PREFIX

_SERVICE = "com.docker.compose.service"
_ENGINE_S = 60.0


class Cluster:
    """One stack that is up. Everything is read from the engine, so any process can pick it up again."""

    def __init__(self, client: docker.DockerClient, name: str, home: Path) -> None:
        """The stack `name` (rendered project name) that was started from `home`; ClusterError unless its borders run.

        Somebody else's container that only carries the same project name is none of ours.
        """
        self._client = client
        self.name, self.home = name, home
        containers = self._containers()
        labelled = [(c, c.labels) for c in containers]
        self.border_containers: dict[str, Any] = {
            labels[LABEL_REGION]: c for c, labels in labelled if labels[LABEL_PART] == PART_BORDER
        }
        self._guests: dict[str, Any] = {
            labels[_SERVICE]: c for c, labels in labelled if labels[LABEL_PART] == PART_GUEST
        }
        self._load = next((c for c, labels in labelled if labels[LABEL_PART] == PART_LOAD), None)
        stopped = [region for region, c in self.border_containers.items() if c.status != "running"]
        if stopped or not self.border_containers:
            which = f"the proxy of {', '.join(stopped)} does not run" if stopped else "it has no proxies"
            raise ClusterError(f"the stack {name} is not whole: {which}; `regionfall down` takes it away")
        labels = next(iter(self.border_containers.values())).labels
        missing = [label for label in (LABEL_RUN, LABEL_PROJECT, LABEL_DIGEST) if label not in labels]
        if missing:
            raise ClusterError(f"the containers of {name} carry no label {missing[0]}: somebody else's, left alone")
        self.run: str = labels[LABEL_RUN]
        self.project: str = labels[LABEL_PROJECT]
        self.fingerprint: str = labels[LABEL_DIGEST]
        told = [json.loads(c.labels.get(LABEL_REQUESTS, "[]")) for c in self.border_containers.values()]
        self.requests: frozenset[str] = frozenset(edge for edges in told for edge in edges)
        """Ids of the edges on which single requests can be broken."""
        asked = [json.loads(c.labels.get(LABEL_LOOKED_UP, "[]")) for c in self.border_containers.values()]
        self.looked_up: frozenset[tuple[str, str]] = frozenset(
            (pair.partition("->")[0], pair.partition("->")[2]) for pairs in asked for pair in pairs
        )
        """(caller, callee) whose name is asked for, so that it can be broken."""

    @classmethod
    def up(
        cls,
        woven: Woven,
        *,
        folder: Path,
        progress: Progress,
        timeout_s: float = READY_S,
        keep_on_failure: bool = False,
    ) -> Cluster:
        """Start `woven`, its file written to `folder`, and return when it is ready (at most `timeout_s` after start).

        Borders hold before any guest starts. On failure, Ctrl-C included, what was started is taken down again unless
        `keep_on_failure`. Raises ClusterError with the service, code and last lines of what is to blame.
        """
        client = connect(timeout_s=_ENGINE_S)
        try:
            Start(client, woven, folder, progress).run(timeout_s)
            return cls(client, woven.name, woven.home)
        except BaseException:
            if not keep_on_failure:
                progress("taking down what was started")
                sweep(client, {PROJECT_LABEL: woven.name, LABEL_HOME: str(woven.home)})
            raise

    @property
    def load_container(self) -> Any:
        """The container that load is sent from; ClusterError if the stack has no entry."""
        if self._load is None:
            raise ClusterError(
                f"the stack {self.name} has no way in: put the label regionfall.entry on a service, as in 8080/http/"
            )
        return self._load

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the guests that have a container."""
        return tuple(sorted(self._guests))

    def container(self, service: str) -> Any:
        """The container of one guest; ClusterError if there is none."""
        if service not in self._guests:
            raise ClusterError(
                f"service {service!r} has no container in {self.name}; there are {', '.join(self.services)}"
            )
        return self._guests[service]

    def address(self, service: str) -> str:
        """The address of one guest in its own network; ClusterError when its container has none (it does not run)."""
        container = self.container(service)
        try:
            container.reload()
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not show service {service!r}: {error}") from error
        networks = container.attrs["NetworkSettings"]["Networks"].values()
        found = [str(network["IPAddress"]) for network in networks if network.get("IPAddress")]
        if not found:
            raise ClusterError(f"service {service!r} has no address: its container is {container.status}")
        return found[0]

    def protected(self) -> frozenset[str]:
        """Guests whose running container carries the label `regionfall.protect`, whatever a plan of earlier says."""
        label = f"{PREFIX}protect"
        return frozenset(name for name, c in self._guests.items() if str(c.labels.get(label, "")).lower() == "true")

    def secrets(self) -> frozenset[str]:
        """Values of all guests' environments that their images do not carry anyway; never to be written anywhere."""
        found: set[str] = set()
        for container in self._guests.values():
            given = container.attrs["Config"].get("Env") or ()
            try:
                image = self._client.images.get(container.attrs["Image"]).attrs
                common = set(image["Config"].get("Env") or ())
            except (DockerException, OSError, KeyError, TypeError):
                common = set()
            found |= {str(pair).partition("=")[2] for pair in given if pair not in common}
        return frozenset(value for value in found if value)

    def urls(self) -> dict[str, str]:
        """Where people reach entries (`service`) and other published ports (`service:port`), on 127.0.0.1."""
        found: dict[str, str] = {}
        for container in self.border_containers.values():
            container.reload()
            bound = container.attrs["NetworkSettings"]["Ports"] or {}
            for service, port, listen, protocol, path, entry in json.loads(container.labels[LABEL_PUBLISHED]):
                for binding in bound.get(f"{listen}/tcp") or ():
                    address = f"127.0.0.1:{binding['HostPort']}"
                    http = f"http://{address}{path}" if protocol == "http" else address
                    found[service if entry else f"{service}:{port}"] = http
        return found

    def guardian_box(self) -> GuardianBox:
        """The helper that harms and heals containers of this stack, whether it exists or not."""
        return GuardianBox(self._client, self.name, {LABEL_HOME: str(self.home), LABEL_RUN: self.run})

    def limited_volumes(self, services: Iterable[str]) -> dict[str, str]:
        """Service -> its volume of limited size, by the engine's name; services without one are left out."""
        found: dict[str, str] = {}
        try:
            for service in services:
                for mount in self.container(service).attrs.get("Mounts") or ():
                    if mount.get("Type") != "volume":
                        continue
                    options = self._client.volumes.get(mount["Name"]).attrs.get("Options") or {}
                    if options.get("type") == "tmpfs" and "size=" in str(options.get("o", "")):
                        found.setdefault(service, str(mount["Name"]))
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not show the volumes of {self.name}: {error}") from error
        return found

    def logs(self, service: str, tail: int = 40) -> str:
        """The last lines of a guest. ClusterError when the engine does not give them."""
        try:
            return log_text(self._client, self.container(service).id, tail)
        except (DockerException, OSError) as error:
            raise ClusterError(f"no log of service {service!r}: {error}") from error

    def service_events(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(service, action, code)` for engine events of guests until the returned function is called."""
        return ServiceEvents(self._client, self.name, self.home, heard).stop

    def addresses(self) -> dict[str, str]:
        """Address -> name of every container of the engine, ours and others'; for naming calls that nobody declared."""
        found: dict[str, str] = {}
        try:
            for row in self._client.api.containers():
                for network in row.get("NetworkSettings", {}).get("Networks", {}).values():
                    if address := network.get("IPAddress"):
                        found[address] = str(row["Names"][0]).lstrip("/")
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not list its containers: {error}") from error
        return found

    def image_digests(self) -> dict[str, str]:
        """`image of SERVICE` -> content id, for the manifest."""
        containers: Mapping[str, Any] = self._guests | {f"proxy of {k}": c for k, c in self.border_containers.items()}
        if self._load is not None:
            containers = {**containers, "load": self._load}
        return {f"image of {name}": str(container.attrs["Image"]) for name, container in sorted(containers.items())}

    def repair(self, region: str, owner: str, on_event: Callable[[str, dict[str, Any]], None]) -> Border:
        """A new control stream to a border whose stream was lost; the container is started again if it ended."""
        container = self.border_containers[region]
        try:
            container.reload()
            if container.status != "running":
                container.start()
        except (DockerException, OSError) as error:
            raise ClusterError(f"the proxy of {region} cannot be started again: {error}") from error
        return connected(container, owner, on_event)

    def down(self) -> list[str]:
        """Take the stack away; the names of what is left (none: clean). Safe to repeat."""
        return sweep(self._client, {PROJECT_LABEL: self.name, LABEL_HOME: str(self.home)})

    def _containers(self) -> list[Any]:
        try:
            labels = [f"{PROJECT_LABEL}={self.name}", f"{LABEL_HOME}={self.home}", LABEL_PART]
            found: list[Any] = self._client.containers.list(all=True, filters={"label": labels})
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine does not list the stack {self.name}: {error}") from error
        return found


def find_cluster(home: Path, name: str) -> Cluster | None:
    """The stack `name` (rendered or user's own project name) of folder `home`, if it is up and whole."""
    found = [cluster for cluster in standing_clusters(home) if name in (cluster.name, cluster.project)]
    return found[0] if found else None


def standing_clusters(home: Path | None = None) -> list[Cluster]:
    """Every whole stack that is up, of one folder or of the engine; broken ones are left to `down`."""
    client = connect(timeout_s=_ENGINE_S)
    labels = [f"{LABEL_PART}={PART_BORDER}"] + ([f"{LABEL_HOME}={home.absolute()}"] if home else [])
    try:
        rows = client.api.containers(all=True, filters={"label": labels})
    except (DockerException, OSError) as error:
        raise ClusterError(f"the engine does not list its containers: {error}; `regionfall doctor`") from error
    clusters: list[Cluster] = []
    found = {(row["Labels"].get(PROJECT_LABEL), row["Labels"].get(LABEL_HOME)) for row in rows}
    for name, place in sorted((name, place) for name, place in found if name and place):
        try:
            clusters.append(Cluster(client, name, Path(place)))
        except ClusterError:
            continue
    return clusters


def down_all(home: Path) -> list[str]:
    """Take away everything that was started from the folder `home`, by label; the names of what is left."""
    return sweep(connect(timeout_s=_ENGINE_S), {LABEL_HOME: str(home.absolute())})
