"""The running stack as probes reach it: next to a service (from its region's proxy container), or inside its container.

Guests have addresses that the host cannot reach, so questions over the network are asked by a small program in the
proxy container of the service's region, one `docker exec` a region, started at the first question.
"""

from __future__ import annotations

import base64
import itertools
import json
import math
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import RequestException

from harness.cluster.stream import ExecStream
from harness.model.errors import ClusterError, NotAnswered, NotMeasured
from harness.model.probe import HttpAnswer, Ran
from harness.model.stack import Stack

COMMAND = ["python3", "-S", "-m", "harness.containers.probe"]
MOST_OUTPUT = 64 * 1024
MOST_LINES = 2000
_SLACK_S = 1.0
_NO_SUCH_PROGRAM = (126, 127)
_TIMED_OUT = (124, 137)

Answer = dict[str, Any]


class Asker:
    """The program in one proxy container. Calls may come from several threads; a stream that ended is opened again."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Answer]] = {}
        self._lock = threading.Lock()
        self._stream: ExecStream | None = None

    def ask(self, question: Mapping[str, Any], timeout_s: float) -> Answer:
        """The program's answer; NotMeasured if it gives none."""
        box: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = box
            try:
                self._opened().send(json.dumps({"id": number, **question}).encode() + b"\n")
            except (DockerException, RequestException, OSError) as error:
                self._lose()
                raise NotMeasured("the proxy container cannot be asked") from error
        try:
            answer = box.get(timeout=timeout_s + _SLACK_S)
        except queue.Empty:
            raise NotMeasured("the proxy container did not answer in time") from None
        finally:
            self._waiting.pop(number, None)
        if answer.get("unasked"):
            raise NotMeasured(str(answer.get("why")))
        if not answer.get("ok"):
            raise NotAnswered(str(answer.get("why")))
        return answer

    def close(self) -> None:
        """End the program."""
        with self._lock:
            self._lose()

    def _opened(self) -> ExecStream:
        if self._stream is None:
            self._stream = ExecStream(self._container, COMMAND)
            threading.Thread(target=self._read, args=(self._stream,), name="probes-inside", daemon=True).start()
        return self._stream

    def _lose(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, stream: ExecStream) -> None:
        rest = b""
        for number, body in stream.frames():
            if number != 1:
                continue
            *whole, rest = (rest + body).split(b"\n")
            for line in whole:
                answer = json.loads(line)
                box = self._waiting.get(int(answer.get("id") or 0))
                if box is not None:
                    box.put(answer)
        with self._lock:
            if self._stream is stream:
                self._lose()
            for box in list(self._waiting.values()):
                box.put({"unasked": True, "why": "the proxy container ended"})


class Inside:
    """`harness.probes.contract.World` on a stack that is up. `container` finds a service's, `moved` an edge's bytes."""

    def __init__(
        self,
        stack: Stack,
        borders: Mapping[str, Any],
        container: Callable[[str], Any],
        moved: Callable[[str], float | None] = lambda edge: None,
    ) -> None:
        self._stack, self._container, self.moved = stack, container, moved
        self._askers = {region: Asker(border) for region, border in borders.items()}

    def http(self, service: str, port: int, path: str, timeout_s: float) -> HttpAnswer:
        """See `World`."""
        told = self._ask(service, port, {"op": "http", "host": f"{service}:{port}", "path": path}, timeout_s)
        return HttpAnswer(int(told["status"]), base64.b64decode(told["body"]), float(told["took_s"]))

    def tcp(self, service: str, port: int, timeout_s: float) -> float:
        """See `World`."""
        return float(self._ask(service, port, {"op": "tcp"}, timeout_s)["took_s"])

    def run(
        self, service: str, command: Sequence[str], timeout_s: float, environment: Mapping[str, str] | None = None
    ) -> Ran:
        """See `World`. `timeout` inside the container ends what hangs, also when nobody is left out here."""
        words = ["timeout", "-s", "KILL", str(max(1, math.ceil(timeout_s))), *command]
        found = self._guest(service)
        api = found.client.api
        try:
            created = api.exec_create(found.id, words, environment=dict(environment or {}))
            out, err = _output(api.exec_start(created["Id"], stream=True, demux=True))
            code = api.exec_inspect(created["Id"])["ExitCode"]
        except NotFound:
            raise NotMeasured(f"the container of {service} is gone") from None
        except APIError as error:
            if error.status_code == 409:
                raise NotAnswered(f"the container of {service} does not run") from None
            raise NotMeasured(f"the engine does not start the command in {service}") from error
        except (DockerException, RequestException, OSError) as error:
            raise NotMeasured(f"the engine does not answer: {type(error).__name__}") from error
        if code is None or (code in _NO_SUCH_PROGRAM and "timeout" in out + err and "exec" in out + err):
            raise NotMeasured(f"the image of {service} cannot start it; it needs `timeout` and {command[0]!r}")
        if code in _TIMED_OUT:
            raise NotAnswered(f"the command did not end within {math.ceil(timeout_s)} s")
        return Ran(int(code), out, err)

    def variable(self, service: str, name: str) -> str | None:
        """See `World`."""
        pairs = (str(pair).partition("=") for pair in self._guest(service).attrs["Config"]["Env"] or ())
        return next((value for key, _, value in pairs if key == name), None)

    def lines(self, service: str, after: str) -> tuple[list[str], str]:
        """See `World`. The mark is the engine's own time stamp of the last line, so no clocks are compared."""
        found = self._guest(service)
        since = {"since": _seconds(after)} if after > _BEGIN else {}
        try:
            raw = found.client.api.logs(
                found.id, timestamps=True, tail=MOST_LINES if after else 1, stdout=True, stderr=True, **since
            )
        except (DockerException, RequestException, OSError) as error:
            raise NotMeasured(f"the engine does not give the log of {service}: {type(error).__name__}") from error
        rows = [line.partition(" ") for line in bytes(raw).decode("utf-8", errors="replace").splitlines()]
        fresh = [(stamp, text) for stamp, _, text in rows if stamp > after]
        mark = max((stamp for stamp, _ in fresh), default=after or _BEGIN)
        return [text for _, text in fresh] if after else [], mark

    def close(self) -> None:
        """End the programs that were started."""
        for asker in self._askers.values():
            asker.close()

    def _ask(self, service: str, port: int, question: Mapping[str, Any], timeout_s: float) -> Answer:
        region = self._stack.service(service).region
        if region not in self._askers:
            raise NotMeasured(f"there is no proxy container of {region}")
        at = [_address(self._guest(service)), port]
        return self._askers[region].ask({**question, "at": at, "timeout_s": timeout_s}, timeout_s)

    def _guest(self, service: str) -> Any:
        try:
            return self._container(service)
        except ClusterError as error:
            raise NotMeasured(str(error)) from error


_BEGIN = "0"
"""Mark of a log that had no line at the first look: before every time stamp."""


def _seconds(stamp: str) -> float:
    """The engine's time stamp as seconds, a little early: what was seen already is left out by its stamp."""
    return datetime.fromisoformat(stamp[:26] + "+00:00").timestamp() - 0.001


def _address(container: Any) -> str:
    for network in container.attrs["NetworkSettings"]["Networks"].values():
        fixed = (network.get("IPAMConfig") or {}).get("IPv4Address") or network.get("IPAddress")
        if fixed:
            return str(fixed)
    raise NotMeasured(f"{container.name} has no address")


def _output(parts: Any) -> tuple[str, str]:
    """Both streams of a command, the beginning of each."""
    out, err = b"", b""
    for more_out, more_err in parts:
        out, err = (out + (more_out or b""))[:MOST_OUTPUT], (err + (more_err or b""))[:MOST_OUTPUT]
    return out.decode("utf-8", errors="replace"), err.decode("utf-8", errors="replace")
