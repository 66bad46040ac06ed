"""Starting a rendered project: images first, then the borders, and guests only when every border holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from harness.cluster.cache import locked
from harness.cluster.control import Border
from harness.cluster.down import sweep
from harness.cluster.engine import compose
from harness.cluster.pulls import ensure_pulled
from harness.cluster.readiness import LOG_LINES, READY_S, Probes, Seen, refuse_dead, seen, wait_ready
from harness.cluster.seeding import prepare_volumes
from harness.cluster.subnets import taken_networks
from harness.cluster.weave.woven import Woven
from harness.model.errors import ClusterError, ControlLost
from harness.model.labels import LABEL_HOME, LABEL_PART, LABEL_REGION, PART_BORDER, PART_GUEST

RENDERED = "woven.compose.yaml"
PROJECT_LABEL = "com.docker.compose.project"
_ATTEMPTS = 4
_BUILD_S = 1800.0
_BORDERS_S = 180.0
_GUESTS_SLACK_S = 180.0

Progress = Callable[[str], None]


class Start:
    """One start of one rendered project in `folder`; `run()` is its only use."""

    def __init__(self, client: docker.DockerClient, woven: Woven, folder: Path, progress: Progress) -> None:
        self._client, self._woven, self._folder, self._progress = client, woven, folder, progress
        self._borders: dict[str, Border] = {}

    def run(self, timeout_s: float = READY_S) -> None:
        """Returns when the stack is ready; raises ClusterError, leaving what was started to the caller."""
        self._clear_leftovers()
        prepare_volumes(self._client, self._woven, self._progress)
        self._write()
        self._build()
        ensure_pulled(self._client, self._woven.images, self._progress)
        start = time.monotonic()
        self._start_borders()
        try:
            self._connect()
            self._progress(f"proxies of {', '.join(self._borders)} hold ({time.monotonic() - start:.1f} s)")
            self._start_guests(timeout_s)
            self._wait(timeout_s)
        finally:
            for border in self._borders.values():
                border.close()
        self._progress(f"{len(self._woven.guests)} services are ready ({time.monotonic() - start:.1f} s)")

    def _clear_leftovers(self) -> None:
        """What a killed run left half started under this name would be mistaken for ours."""
        labels = {PROJECT_LABEL: self._woven.name, LABEL_HOME: str(self._woven.home)}
        left = sweep(self._client, labels)
        if left:
            raise ClusterError(f"left over from before and not removable: {', '.join(left)}; `regionfall down`")

    def _write(self) -> None:
        """The rendered file holds secrets: readable by its owner only, from its first byte."""
        path = self._folder / RENDERED
        self._folder.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
        path.write_text(self._woven.text, encoding="utf-8")

    def _compose(self, args: Iterable[str], timeout_s: float) -> str:
        command = ["-p", self._woven.name, "-f", str(self._folder / RENDERED), *args]
        unset = {"COMPOSE_FILE": "", "COMPOSE_PROFILES": "", "COMPOSE_PROJECT_NAME": ""}
        return compose(command, directory=self._folder, environ=unset, timeout_s=timeout_s, base=self._woven.base)

    def _build(self) -> None:
        if not self._woven.builds:
            return
        self._progress(f"building {', '.join(self._woven.builds)}")
        self._compose(["build", "--quiet", *self._woven.builds], _BUILD_S)

    def _start_borders(self) -> None:
        """Networks come with the borders. Another project may take our addresses first: then we move on."""
        names = [*self._woven.border_services.values()]
        for attempt in range(_ATTEMPTS):
            with locked("subnets"):
                self._move_if_taken()
                try:
                    self._compose(["up", "-d", "--no-build", "--pull", "never", *names], _BORDERS_S)
                    return
                except ClusterError as error:
                    overlap = "overlap" in str(error).lower()
                    if not overlap or attempt == _ATTEMPTS - 1:
                        raise
                self._clear_leftovers()

    def _move_if_taken(self) -> None:
        taken = taken_networks(self._client)
        if any(mine.overlaps(other) for mine in self._woven.subnets for other in taken):
            self._woven = self._woven.again(taken)
            self._write()

    def _connect(self) -> None:
        """Every border must answer over its control stream before any guest starts."""
        containers = {c.labels[LABEL_REGION]: c for c in self._containers(PART_BORDER)}
        with ThreadPoolExecutor(max_workers=8, thread_name_prefix="borders") as pool:
            borders = pool.map(lambda region: connected(containers[region], "readiness", _unheard), containers)
            self._borders = dict(zip(containers, borders, strict=True))

    def _containers(self, part: str) -> list[Any]:
        labels = [f"{PROJECT_LABEL}={self._woven.name}", f"{LABEL_PART}={part}"]
        found: list[Any] = self._client.containers.list(all=True, filters={"label": labels})
        return found

    def _start_guests(self, timeout_s: float) -> None:
        """Compose honours depends_on; when that fails or hangs, the container to blame is named instead."""
        try:
            args = ["up", "-d", "--no-build", "--pull", "never", "--no-recreate"]
            self._compose(args, timeout_s + _GUESTS_SLACK_S)
        except ClusterError:
            refuse_dead(self._guests(), self._logs)
            raise

    def _wait(self, timeout_s: float) -> None:
        probes = Probes(guests=self._guests, ports=self._ports, logs=self._logs)
        wait_ready(self._woven.stack, probes, progress=self._progress, timeout_s=timeout_s)

    def _guests(self) -> list[Seen]:
        labels = [f"{PROJECT_LABEL}={self._woven.name}", f"{LABEL_PART}={PART_GUEST}"]
        return [seen(row) for row in self._client.api.containers(all=True, filters={"label": labels})]

    def _ports(self) -> dict[str, str]:
        """`callee:port` -> '' when open, as the border next to the callee sees it."""
        found: dict[str, str] = {}
        for border in self._borders.values():
            reasons = border.callee_reasons()
            for name, up in border.callees().items():
                found[name] = "" if up else reasons.get(name, "not open yet")
        return found

    def _logs(self, container: str, tail: int) -> str:
        return log_text(self._client, container, tail)


def log_text(client: docker.DockerClient, container: str, tail: int) -> str:
    """The last lines that a container wrote, both streams."""
    raw = client.api.logs(container, stdout=True, stderr=True, tail=tail)
    return bytes(raw).decode("utf-8", errors="replace")


def connected(container: Any, owner: str, on_event: Callable[[str, dict[str, Any]], None]) -> Border:
    """The control stream of a border that has just been started. ClusterError with its log when it never answers."""
    try:
        return Border.connect(container, owner, on_event)
    except (ControlLost, DockerException, OSError) as error:
        tail = log_text(container.client, container.id, LOG_LINES).rstrip()
        lines = "".join(f"\n  | {line}" for line in tail.splitlines())
        raise ClusterError(f"the proxy {container.name} does not answer: {error}; its last lines:{lines}") from error


def _unheard(region: str, event: dict[str, Any]) -> None:
    """Nobody listens while a stack starts: its state is asked instead."""
