"""Carrying out steps of a timeline: an HTTP call, a command in a container, a command on this machine.

An HTTP call to an entry goes the way of clients, through the proxy and whatever holds there. A call to any other port
comes from beside the service, from the proxy container of its own region, so that only the service itself can fail it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from docker.errors import DockerException

from harness.cluster.cluster import Cluster
from harness.model.errors import ClusterError
from harness.model.masking import masked
from harness.model.stack import Stack
from harness.model.step import Step, StepKind, StepOutcome, StepState
from harness.model.units import duration_text
from harness.wiring.hostcommand import run_here
from harness.wiring.output import Tail
from harness.workload.streams import ByteStream, ExecStream

_LOOK_S = 0.1
_SLACK_S = 3.0
"""The program in the container keeps the deadline itself; this long we wait for it to say so."""
CALL = ("-m", "harness.containers.call")


class Opener(Protocol):
    """Starts a command in a container."""

    def __call__(self, container: Any, command: Sequence[str]) -> ByteStream:
        """Its standard streams; DockerException when the engine refuses."""


@dataclass(frozen=True, slots=True)
class StepDoer:
    """`Doer` of a run on `cluster`. `environ` is what a host command sees beside its own words."""

    cluster: Cluster
    stack: Stack
    environ: Mapping[str, str]
    open_stream: Opener = ExecStream
    now: Callable[[], float] = time.monotonic

    def carry_out(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        """The outcome of one step, secrets of the guests masked; ClusterError when the engine refuses to begin it."""
        secrets = self.cluster.secrets()
        begun = self.now()
        outcome = self._outcome(step, cut_off)
        lines = tuple(masked(line, secrets) for line in outcome.lines)
        detail = masked(outcome.detail, secrets)
        return StepOutcome(outcome.state, detail, outcome.status, self.now() - begun, lines)

    def _outcome(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        if step.kind is StepKind.HOST:
            return run_here(step, self.environ, cut_off)
        try:
            return self._call(step, cut_off) if step.kind is StepKind.HTTP else self._exec(step, cut_off)
        except (DockerException, OSError) as error:
            raise ClusterError(f"the engine refused: {error}") from error

    def _exec(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        stream = self.open_stream(self.cluster.container(step.service), step.run)
        tail, ended = self._collect(stream, step.deadline_s, cut_off)
        if not ended:
            return _unfinished(step, cut_off, tail, "the command may still run in its container")
        code = stream.exit_code()
        state = StepState.WORKED if code == 0 else StepState.FAILED
        return StepOutcome(state, f"exit code {code if code is not None else 'unknown'}", code, 0.0, tail.lines())

    def _call(self, step: Step, cut_off: threading.Event) -> StepOutcome:
        container, python, host = self._way(step)
        stream = self.open_stream(container, (*python, *CALL))
        order = {"method": step.method, "host": host, "name": step.service, "port": step.port, "path": step.path}
        stream.send(json.dumps({**order, "body": step.body, "deadline_s": step.deadline_s}).encode() + b"\n")
        tail, ended = self._collect(stream, step.deadline_s + _SLACK_S, cut_off)
        if not ended:
            return _unfinished(step, cut_off, tail, "no answer")
        return _answered(step, tail)

    def _way(self, step: Step) -> tuple[Any, tuple[str, ...], str]:
        """Container that calls, its Python, and the host that it dials."""
        service = self.stack.service(step.service)
        if service.entry is not None and service.entry.port == step.port:
            return self.cluster.load_container, ("/opt/load/bin/python",), step.service
        return self.cluster.border_containers[service.region], ("python3",), self.cluster.address(step.service)

    def _collect(self, stream: ByteStream, within_s: float, cut_off: threading.Event) -> tuple[Tail, bool]:
        """The last output, and whether the command ended in time."""
        tail, deadline = Tail(), self.now() + within_s
        try:
            while self.now() < deadline and not cut_off.is_set():
                packets = stream.receive(_LOOK_S)
                if packets is None:
                    return tail, True
                for _, data in packets:
                    tail.feed(data)
            return tail, False
        finally:
            stream.close()


def _unfinished(step: Step, cut_off: threading.Event, tail: Tail, more: str) -> StepOutcome:
    if cut_off.is_set():
        return StepOutcome(StepState.CUT_OFF, "the run ended first", lines=tail.lines())
    detail = f"not done after {duration_text(step.deadline_s)}; {more}"
    return StepOutcome(StepState.TIMED_OUT, detail, lines=tail.lines())


def _answered(step: Step, tail: Tail) -> StepOutcome:
    """What the calling program said: one line of JSON, anything else is its complaint."""
    try:
        answer = json.loads(tail.text().strip().splitlines()[-1])
        status = answer.get("status")
    except (ValueError, IndexError, AttributeError):
        return StepOutcome(StepState.FAILED, "the call could not be made", lines=tail.lines())
    if status is None:
        if answer.get("timeout"):
            return StepOutcome(StepState.TIMED_OUT, f"no answer within {duration_text(step.deadline_s)}")
        return StepOutcome(StepState.FAILED, str(answer.get("error")))
    body = Tail()
    body.feed(str(answer.get("body", "")).encode())
    good = status in step.ok_status
    return StepOutcome(StepState.WORKED if good else StepState.FAILED, f"HTTP {status}", int(status), 0.0, body.lines())
