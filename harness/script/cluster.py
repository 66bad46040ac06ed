"""A Compose project with every dependency through a proxy, for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from harness.cluster import cluster as standing
from harness.cluster.lock import project_lock
from harness.model.errors import CleanupUnverified, ClusterError, Inconclusive
from harness.model.plan import Limits
from harness.runner.rig import StopClock
from harness.script.band import Bands
from harness.spec.load import load_experiment
from harness.wiring.hand.place import keep_stack
from harness.wiring.rigging import RunOptions
from harness.wiring.session import RunResult, run_plan
from harness.wiring.stack import fitting, woven_project
from harness.wiring.workspace import Workspace

if TYPE_CHECKING:
    from harness.script.chaos import Chaos

Say = Callable[[str], None]


def silent(text: str) -> None:
    """Say nothing."""


class Cluster:
    """One Compose project, started with proxies in between and taken down again. A context manager.

    A stack found up is used and left up. `keep` leaves up what was started here as well.
    """

    def __init__(self, workspace: Workspace, *, keep: bool = False, say: Say = silent) -> None:
        self.workspace, self.keep = workspace, keep
        self.bands = Bands()
        self.used_by = ""
        """Whoever injected a fault here last; '' on a stack that nothing has happened to."""
        self.ours = False
        """It was found up, but whoever uses this object started it: it may be made anew."""
        self._say = say
        self._standing: standing.Cluster | None = None
        self._found = False

    @classmethod
    def from_compose(
        cls,
        *files: str | Path,
        directory: str | Path | None = None,
        project_name: str | None = None,
        keep: bool = False,
        say: Say = silent,
    ) -> Self:
        """The project of these Compose files, relative to `directory` (default: here); none: as Compose finds them.

        Nothing is started before `up` or `with`. InvalidFile and UsageError tell what is wrong with the project.
        """
        base = Path(directory or ".").absolute()
        paths = tuple(base / file for file in files)
        workspace = Workspace(base, paths, project_name)
        workspace.project()
        return cls(workspace, keep=keep, say=say)

    # -- up and down

    def up(self) -> Self:
        """Start it, or use the one that is up. ClusterError with what is to blame."""
        if self._standing is not None:
            return self
        project, home = self.workspace.project(), self.workspace.home
        run = f"up-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        with project_lock(home, project.name, run):
            woven = woven_project(project, self.workspace, run, self._say)
            folder = home / "up" / woven.name
            folder.mkdir(parents=True, exist_ok=True)
            keep_stack(folder, project.stack, Limits())
            found = fitting(woven, self.workspace)
            self._found = found is not None
            self._standing = found or standing.Cluster.up(woven, folder=folder, progress=self._say)
        return self

    def down(self) -> None:
        """Take it down, unless it was found up. CleanupUnverified names what is left. Safe to repeat."""
        running, self._standing = self._standing, None
        if running is None or self._found:
            return
        if left := running.down():
            raise CleanupUnverified(f"still there: {', '.join(left[:5])}; run: regionfall down")

    def recreate(self) -> None:
        """Take it down whoever started it, and start it anew: nothing of the past is left in it."""
        if self._found and not self.ours:
            raise Inconclusive(
                f"the stack {self.name} was up already and is left alone\n"
                "  next: `regionfall down`, and the next run starts a fresh one"
            )
        self._found = False
        self.down()
        self.used_by = ""
        self.up()

    def __enter__(self) -> Self:
        return self.up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.keep:
            self.down()

    # -- what there is

    @property
    def running(self) -> standing.Cluster:
        """The stack that is up; ClusterError while it is not."""
        if self._standing is None:
            raise ClusterError("the stack is not up; use `with Cluster.from_compose(…) as cluster:`, or cluster.up()")
        return self._standing

    @property
    def started(self) -> str:
        """The name of the stack that was started here, '' if there is none or it was found up."""
        return "" if self._standing is None or self._found else self._standing.name

    @property
    def running_name(self) -> str:
        """The name of the stack that is up, as the engine knows it."""
        return self.running.name

    @property
    def name(self) -> str:
        """The project's name."""
        return self.workspace.project().name

    @property
    def urls(self) -> dict[str, str]:
        """Where entries (`service`) and published ports (`service:port`) are reached from this machine."""
        return self.running.urls()

    @property
    def edges(self) -> tuple[str, ...]:
        """Ids of all calls between services, `a->b:port`; those of clients begin with `load->`."""
        return tuple(edge.id for edge in self.workspace.project().stack.edges)

    @property
    def services(self) -> tuple[str, ...]:
        """Names of all services."""
        return tuple(service.name for service in self.workspace.project().stack.services)

    # -- experiments

    def chaos(self, name: str = "experiment", *, seed: int | None = None) -> Chaos:
        """Experiments on this stack, called `name` in reports and messages."""
        from harness.script.chaos import Chaos

        return Chaos(self, name, seed=seed)

    def run(self, path: str | Path, *, seed: int | None = None, clock: StopClock | None = None) -> RunResult:
        """Run one experiment file on this project, `InvalidFile` if it is none.

        A stack that is up with other settings than the file asks for is replaced by one that fits.
        """
        plan = load_experiment(Path(path), read_stack=self.workspace.read_stack, seed=seed)
        self.used_by = plan.name
        return run_plan(plan, self.workspace, lambda event: None, clock or StopClock(), RunOptions(keep=True))


def run_file(path: Path, *, seed: int | None = None, run_dir: Path | None = None) -> RunResult:
    """Run one experiment file on a stack that is started for it and taken down again; its own Compose files hold."""
    workspace = Workspace(path.parent, run_dir=run_dir)
    plan = load_experiment(path, read_stack=workspace.read_stack, seed=seed)
    return run_plan(plan, workspace, lambda event: None, StopClock(), RunOptions())
