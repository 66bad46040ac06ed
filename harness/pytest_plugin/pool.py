"""Stacks of a pytest run: one at a time on a machine, kept up between tests that use the same Compose files."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from harness.cluster.cluster import find_cluster
from harness.cluster.engine import connect
from harness.model.errors import ClusterError
from harness.pytest_plugin import shared
from harness.script.band import Bands
from harness.script.cluster import Cluster
from harness.wiring.workspace import Workspace

DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def engine_or_skip(item: pytest.Item, *, by_name: bool = False) -> None:
    """Skip where no engine answers. With CI set, or asked for by name, that is an error: nobody may think it passed."""
    try:
        connect()
    except ClusterError as error:
        if os.environ.get("CI") or by_name:
            raise
        pytest.skip(f"no Docker engine here: {str(error).splitlines()[0]}")


def compose_of(request: pytest.FixtureRequest) -> tuple[Path, ...]:
    """The Compose files of a test: its marker, pytest-docker's fixture, option, ini, or the next file upwards."""
    node, config = request.node, request.config
    mark = node.get_closest_marker("chaos")
    if mark is not None and (named := mark.kwargs.get("compose")):
        return tuple(node.path.parent / name for name in ([named] if isinstance(named, str | Path) else named))
    if options := config.getoption("--chaos-compose"):
        return tuple(config.invocation_params.dir / name for name in options)
    if given := _docker_compose_file(request):
        return given
    if lines := config.getini("chaos_compose"):
        return tuple(config.rootpath / name for name in lines)
    return _found(node.path.parent, config)


def _docker_compose_file(request: pytest.FixtureRequest) -> tuple[Path, ...]:
    """What a suite that uses pytest-docker says; '' where it does not use it or never said."""
    try:
        given = request.getfixturevalue("docker_compose_file")
    except pytest.FixtureLookupError:
        return ()
    files = [given] if isinstance(given, str | Path) else list(given)
    paths = tuple(Path(file) for file in files)
    return paths if all(path.exists() for path in paths) else ()


def _found(folder: Path, config: pytest.Config) -> tuple[Path, ...]:
    places = [folder, *folder.parents]
    stop = config.rootpath.parent
    for place in [p for p in places if (p != stop and stop in p.parents) or p == config.rootpath]:
        if found := [place / name for name in DEFAULTS if (place / name).exists()]:
            return (found[0],)
    raise ClusterError(
        f"no Compose file in {folder} or above it up to {config.rootpath}\n"
        '  next: put compose.yaml there, or name it: @pytest.mark.chaos(compose="…"), --chaos-compose, chaos_compose'
    )


def fake_cluster(request: pytest.FixtureRequest) -> Cluster:
    """`--chaos-fake`: the project of this test, read and never started."""
    from harness.script.fake import FakeCluster

    files = compose_of(request)
    workspace = Workspace(files[0].parent, files, run_dir=Path(request.config.invocation_params.dir))
    return FakeCluster(workspace, request.config.getoption("--chaos-fake-answer")).up()


class Pool:
    """The stack that this process uses, and what all processes of the pytest run know of it."""

    def __init__(self, config: pytest.Config, run: str) -> None:
        self._config, self._run = config, run
        self._key: tuple[Path, ...] = ()
        self._cluster: Cluster | None = None

    @contextmanager
    def used(self, files: tuple[Path, ...], by: str) -> Iterator[Cluster]:
        """The stack of these files for one test; other tests wait, those of other processes too."""
        with shared.one_at_a_time(), _ended_in_order():
            cluster = self._of(files)
            self._recall(cluster)
            try:
                yield cluster.up()
            finally:
                self._note(cluster)

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """No stack of this run is up within: whoever runs here starts its own."""
        with shared.one_at_a_time(), _ended_in_order():
            take_down(self._run)
            self.forget()
            yield

    def forget(self) -> None:
        """This process uses no stack any more; who takes it down is another matter."""
        self._cluster, self._key = None, ()

    def _of(self, files: tuple[Path, ...]) -> Cluster:
        if self._cluster is not None and self._key == files:
            return self._cluster
        workspace = Workspace(files[0].parent, files, run_dir=Path(self._config.invocation_params.dir))
        name = workspace.project().name
        take_down(self._run, but=name)
        self._cluster, self._key = Cluster(workspace), files
        return self._cluster

    def _recall(self, cluster: Cluster) -> None:
        """What another process of this run did to the same stack."""
        for known in shared.read(self._run).values():
            if known["project"] == cluster.name and known["home"] == str(cluster.workspace.home):
                cluster.used_by, cluster.bands = known["used_by"], Bands.from_wire(known["bands"])
                cluster.ours = True

    def _note(self, cluster: Cluster) -> None:
        if not cluster.started and not cluster.ours:
            return
        running = cluster.running_name
        stacks = shared.read(self._run)
        stacks[running] = {
            "project": cluster.name,
            "home": str(cluster.workspace.home),
            "used_by": cluster.used_by,
            "bands": cluster.bands.to_wire(),
        }
        shared.write(self._run, stacks)


def take_down(run: str, but: str = "") -> None:
    """Take away every stack that this pytest run started, except that of the project `but`."""
    stacks = shared.read(run)
    for name, known in list(stacks.items()):
        if but and known["project"] == but:
            continue
        cluster = find_cluster(Path(known["home"]), name)
        left = cluster.down() if cluster is not None else []
        if left:
            raise ClusterError(f"still there: {', '.join(left[:5])}; run: regionfall down")
        del stacks[name]
    if stacks:
        shared.write(run, stacks)
    else:
        shared.forget(run)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends a test like Ctrl-C does: faults are lifted and the stack goes, instead of dying at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        old: Any = signal.signal(signal.SIGTERM, handle)
    except ValueError:  # not the main thread: whoever owns it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)
