"""Who is killed: a process or a container, found on the machine at the moment of the kill."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from stand import Stand, processes

from harness.model.labels import PART_GUARDIAN
from harness.model.plan import Plan
from harness.model.stack import LOAD

HTTP_EDGE = "web->orders:8080"
COMPLETED, ENDED = frozenset({"completed"}), frozenset({"aborted", "errored"})


@dataclass(frozen=True, slots=True)
class Running:
    """What a victim is chosen from: the stack, the controller's process, what the run holds, and chance."""

    stand: Stand
    controller: int
    plan: Plan
    chance: random.Random


@dataclass(frozen=True, slots=True)
class Victim:
    """One kind of victim. `kill` does it and says what was killed.

    `statuses`: how the run may say that it ended. `lives_in`: fault classes that bring the victim to life; another one
    gets a fault of the first of them beside it.
    `by_hand`: the fault is held by `fault add`, whose process is then the controller, and not by a run.
    """

    name: str
    kill: Callable[[Running], str]
    statuses: frozenset[str] = COMPLETED | ENDED
    lives_in: tuple[str, ...] = ()
    by_hand: bool = False


def _killed(pid: int, what: str) -> str:
    assert pid > 0, f"{what} does not run; a signal to process {pid} would end this suite itself"
    os.kill(pid, signal.SIGKILL)
    return f"{what} (process {pid})"


def _process(container: Any, words: Iterable[str], chance: random.Random, what: str) -> str:
    """SIGKILL for one process of a container whose command line has all these words."""
    found = sorted(pid for pid, line in processes(container).items() if all(word in line for word in words))
    assert found, f"no {what} runs in {container.name}: {processes(container)}"
    return _killed(chance.choice(found), f"{what} in {container.name}")


def _touched_border(running: Running) -> Any:
    """A border that holds part of the fault, else any."""
    stack, plan = running.plan.stack, running.plan
    edges = {edge for injection in plan.injections for edge in injection.edges}
    regions = sorted({edge.caller_region for edge in stack.edges if edge.id in edges} or set(stack.regions))
    return running.stand.borders()[running.chance.choice(regions)]


def _controller(running: Running) -> str:
    return _killed(running.controller, "controller")


def _load(running: Running) -> str:
    words = ("python", "harness.containers.load")
    return _process(running.stand.service(LOAD), words, running.chance, "load generator")


def _toxiproxy(running: Running) -> str:
    return _process(_touched_border(running), ("toxiproxy-server", "-config"), running.chance, "Toxiproxy")


def _agent(running: Running) -> str:
    border = _touched_border(running)
    border.reload()
    return _killed(int(border.attrs["State"]["Pid"]), f"agent of {border.name}")


def _border(running: Running) -> str:
    border = _touched_border(running)
    border.kill()
    return f"container {border.name}"


def _haproxy(running: Running) -> str:
    """In the border of the one edge of the guest that speaks HTTP inside; others have their own."""
    edge = next(edge for edge in running.plan.stack.edges if edge.id == HTTP_EDGE)
    border = running.stand.borders()[edge.caller_region]
    return _process(border, ("haproxy", "-db"), running.chance, "HAProxy")


def _guardian(running: Running) -> str:
    """The helper that harms containers; the run brings it to life with a fault of its own."""
    (container,) = running.stand.containers(PART_GUARDIAN)
    return _process(container, ("harness.containers.guardian",), running.chance, "helper for containers")


def _service(running: Running) -> str:
    """One that runs: what a fault has stopped cannot be killed."""
    names = sorted(service.name for service in running.plan.stack.services)
    pids = {name: int(running.stand.service(name).attrs["State"]["Pid"]) for name in names}
    name = running.chance.choice([name for name in names if pids[name]])
    return _killed(pids[name], f"service {name}")


def victims() -> dict[str, Victim]:
    """Every victim that this version has, by name."""
    found = [
        Victim("controller", _controller, ENDED),
        Victim("load", _load, ENDED),
        Victim("toxiproxy", _toxiproxy, COMPLETED),
        Victim("haproxy", _haproxy, COMPLETED),
        Victim("holder", _controller, by_hand=True),
        Victim("guardian", _guardian, COMPLETED, lives_in=("stopped", "starved")),
        Victim("agent", _agent),
        Victim("border", _border),
        Victim("service", _service),
    ]
    return {victim.name: victim for victim in found}
