"""What the engine says about guests while a run watches: died, killed, stopped, started, paused, out of memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from harness.model.labels import LABEL_HOME, LABEL_PART, PART_GUEST

ACTIONS = ("die", "kill", "oom", "pause", "start", "stop", "unpause")
_SERVICE = "com.docker.compose.service"
_AGAIN_S = 0.5

Heard = Callable[[str, str, int | None], None]
"""Called with service, action and (for `die`) exit code, from the watching thread."""


class ServiceEvents:
    """Follows the guests of one rendered project until it is stopped; a broken stream is opened again."""

    def __init__(self, client: docker.DockerClient, project: str, home: Path, heard: Heard) -> None:
        self._client, self._heard = client, heard
        self._filters: dict[str, Any] = {
            "type": ["container"],
            "event": list(ACTIONS),
            "label": [f"com.docker.compose.project={project}", f"{LABEL_HOME}={home}", f"{LABEL_PART}={PART_GUEST}"],
        }
        self._since = time.time()
        self._ended = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._run, name="service-events", daemon=True)
        self._open()
        self._thread.start()

    def stop(self) -> None:
        """End; no call of `heard` begins after this returns."""
        self._ended.set()
        self._close()
        self._thread.join(timeout=5.0)

    def _open(self) -> None:
        since: Any = f"{self._since:.9f}"  # the engine takes fractions; the SDK's types only know whole seconds
        self._stream = self._client.events(decode=True, filters=self._filters, since=since)

    def _close(self) -> None:
        with suppress(Exception):  # closing a socket that is being read fails in many ways, all of them ours
            self._stream.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                for event in self._stream:
                    self._take(event)
            except (DockerException, RequestException, OSError, ValueError, AttributeError):
                pass  # the engine went away, or stop() closed the stream under us
            if self._ended.wait(_AGAIN_S):
                return
            with suppress(DockerException, RequestException, OSError):
                self._open()

    def _take(self, event: dict[str, Any]) -> None:
        nanoseconds = int(event.get("timeNano", 0))
        if nanoseconds:
            self._since = max(self._since, (nanoseconds + 1) / 1e9)
        attributes = event.get("Actor", {}).get("Attributes", {})
        service, code = attributes.get(_SERVICE), str(attributes.get("exitCode", ""))
        if service and not self._ended.is_set():
            self._heard(str(service), str(event.get("Action", "")), int(code) if code.isdigit() else None)
