"""One small stack that stays up for many cases, with bystanders, and everything that is looked at after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import foreign
import leftovers
from faults import experiment, item_for
from requests.exceptions import RequestException

from harness.model.labels import LABEL_HOME, LABEL_PART, LABEL_REGION, PART_BORDER, PART_GUARDIAN, PART_LOAD
from harness.model.plan import Plan
from harness.model.stack import LOAD
from harness.spec.load import load_experiment
from harness.wiring.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = Path(__file__).parent / "guest" / "compose.yaml"
STANDS_FOR = ("errors", "unresolved")
"""The stack is started for these faults: with all that single requests and names take, which the others can do with."""
IMAGE = "regionfall-tests/crash"
COMMAND = (sys.executable, "-m", "harness")
UNDO_FILE = "/var/lib/regionfall/undo.json"
_SERVICE = "com.docker.compose.service"


class Stand:
    """A folder, its stack, its bystanders. Used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.docker = docker.from_env(timeout=60)
        self.home = (directory / ".regionfall").resolve()
        self.workspace = Workspace(directory)
        self._pool = ThreadPoolExecutor(max_workers=8)
        self.bystanders: foreign.Foreign
        self.name = ""

    # -- the command

    def command(self, *words: str, timeout: float = 240.0) -> subprocess.CompletedProcess[str]:
        """Any command, to its end."""
        return subprocess.run(
            [*COMMAND, *words], cwd=self.directory, env=environ(), capture_output=True, text=True,
            timeout=timeout, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """A command in a session of its own, not waited for; `more` goes into its environment."""
        return subprocess.Popen(
            [*COMMAND, *words], cwd=self.directory, env=environ() | more, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def plan_of(self, text: str) -> Plan:
        """The plan of an experiment's text; InvalidFile with what is wrong."""
        return load_experiment(self.write("probe.chaos.yaml", text), read_stack=self.workspace.read_stack)

    # -- the stack

    def containers(self, part: str = "") -> list[Any]:
        """Every container of this folder, also those that do not run."""
        labels = [f"{LABEL_HOME}={self.home}"] + ([f"{LABEL_PART}={part}"] if part else [])
        found: list[Any] = self.docker.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
        return found

    def borders(self) -> dict[str, Any]:
        """Region -> its proxy container."""
        return {container.labels[LABEL_REGION]: container for container in self.containers(PART_BORDER)}

    def service(self, name: str) -> Any:
        """The container of one service of the guest, or of the load."""
        if name == LOAD:
            return self.containers(PART_LOAD)[0]
        return next(one for one in self.containers() if one.labels.get(_SERVICE) == name)

    def up(self, file: str) -> None:
        """Start the stack for this experiment and remember what it looks like when nothing was ever broken."""
        done = self.command("up", file, "--json")
        assert done.returncode == 0, done.stderr
        self.stack = self.plan_of((self.directory / file).read_text(encoding="utf-8")).stack
        self.name = next(iter(self.borders().values())).labels["com.docker.compose.project"]
        until(lambda: not self.silent(), 30, "the stack answers on every edge")
        self.clean_borders = {region: leftovers.inside(border) for region, border in self.borders().items()}
        self.clean_containers = self._container_states()

    def _container_states(self) -> dict[str, leftovers.Snapshot]:
        """All but the helper for containers: it stays with a stack whose run was killed; its undo file is looked at."""
        found = {}
        for container in self.containers():
            if container.labels[LABEL_PART] == PART_GUARDIAN:
                continue
            try:
                found[container.name] = leftovers.container_state(self.docker.api.inspect_container(container.id))
            except docker.errors.NotFound:
                continue
        return found

    # -- after a kill

    def silent(self) -> list[str]:
        """Edges over which no request is answered."""
        callers: dict[str, list[tuple[str, int, bool]]] = {}
        for edge in self.stack.edges:
            callers.setdefault(edge.caller, []).append((edge.callee, edge.port, edge.udp))
        asked = self._pool.map(lambda item: _tolerant(lambda: self._silent(*item)), callers.items())
        return [line for lines in asked for line in lines]

    def _silent(self, caller: str, callees: Sequence[tuple[str, int, bool]]) -> list[str]:
        return leftovers.silent_edges(self.service(caller), callees)

    def left(self) -> list[str]:
        """Whatever is not as in the beginning."""
        borders = self.borders()
        found = [f"proxy of {region} is gone" for region in self.clean_borders.keys() - borders.keys()]
        looked = self._pool.map(lambda item: _tolerant(lambda: self._border_left(*item)), borders.items())
        found += [line for lines in looked for line in lines]
        found += leftovers.container_leftovers(self.clean_containers, self._container_states())
        found += [
            line for helper in self.containers(PART_GUARDIAN) for line in _tolerant(lambda h=helper: undo_left(h))
        ]  # type: ignore[misc]
        load = _tolerant(lambda: self._load_left())
        return found + load + (self.silent() if not found else [])

    def _border_left(self, region: str, border: Any) -> list[str]:
        return leftovers.border_leftovers(region, self.clean_borders[region], leftovers.inside(border))

    def _load_left(self) -> list[str]:
        return [f"load program {row}" for row in processes(self.service(LOAD)).values() if "containers.load" in row]


def undo_left(helper: Any) -> list[str]:
    """What the helper for containers has not undone yet, by its own file."""
    done = helper.exec_run(["cat", UNDO_FILE])
    notes = json.loads(done.output) if done.exit_code == 0 else []
    return [f"not undone: {note['act']} on {note['service']}" for note in notes]


def _tolerant(look: Callable[[], list[str]]) -> list[str]:
    """What cannot be looked at is not clean."""
    try:
        return look()
    except (docker.errors.DockerException, RequestException, OSError, ValueError, StopIteration, IndexError) as error:
        return [f"cannot be looked at: {type(error).__name__}: {str(error)[:200]}"]


def processes(container: Any) -> dict[int, str]:
    """Process id on this machine -> command line, of everything that runs in a container."""
    top = container.top(ps_args="-eo pid,args")
    return {int(row[0]): " ".join(row[1:]) for row in top["Processes"] or ()}


def command_lines() -> dict[int, str]:
    """Process id -> command line, of everything on this machine."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found[int(path.parent.name)] = path.read_bytes().decode(errors="replace").replace("\0", " ").strip()
    return found


def environ() -> dict[str, str]:
    """Ours without what would steer the command."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("REGIONFALL_", "COMPOSE_"))}
    return kept | {"PYTHONPATH": str(ROOT)}


def until(condition: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> Any:
    """What `condition()` answers as soon as it is true; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(every)
    return found


@contextmanager
def standing(directory: Path) -> Iterator[Stand]:
    """A stack that every case can use, with its bystanders; everything is taken away at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    stand = Stand(directory)
    items = [item_for(kind, stand.plan_of, COMPOSE) for kind in STANDS_FOR]
    stand.write("stand.chaos.yaml", experiment("stand", COMPOSE, items))
    try:
        stand.up("stand.chaos.yaml")
        with foreign.foreign(stand.name, str(stand.home), IMAGE) as stand.bystanders:
            yield stand
    finally:
        down = stand.command("down")
    assert down.returncode == 0, down.stderr


def journal(folder: Path) -> list[dict[str, Any]]:
    """Whole lines of a run's journal so far."""
    path = folder / "events.ndjson"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("}")]
