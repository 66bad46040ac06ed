"""What stands now: stacks that are up, faults that hold, asked of the proxies themselves."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.cluster.cluster import Cluster, standing_clusters
from harness.cluster.control import Border
from harness.cluster.guardian import Guardian, GuardianBox
from harness.cluster.lock import holder, project_lock
from harness.journal.folder import run_folders
from harness.model.errors import ClusterError, ControlLost, UsageError
from harness.model.plan import Limits
from harness.wiring.hand.place import keep_stack
from harness.wiring.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Standing:
    """A stack that `up` left up."""

    project: str
    urls: dict[str, str]
    notes: tuple[str, ...]


def stand_up(workspace: Workspace, experiment: Path | None, progress: Callable[[str], None]) -> Standing:
    """Start the stack of this folder, or of an experiment file; one that is up already is left as it is."""
    from harness.spec.load import load_experiment
    from harness.wiring.stack import woven_project

    plan = load_experiment(experiment, read_stack=workspace.read_stack) if experiment else None
    project = workspace.project_of(plan) if plan else workspace.project()
    run = f"up-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with project_lock(workspace.home, project.name, run):
        woven = woven_project(project, workspace, run, progress, plan)
        folder = workspace.home / "up" / woven.name
        folder.mkdir(parents=True, exist_ok=True)
        keep_stack(folder, project.stack, plan.limits if plan else Limits())
        found = [cluster for cluster in standing_clusters(workspace.home) if cluster.name == woven.name]
        cluster = found[0] if found else Cluster.up(woven, folder=folder, progress=progress)
        return Standing(woven.name, cluster.urls(), tuple(project.notes))


@contextmanager
def asked(cluster: Cluster) -> Iterator[dict[str, Border]]:
    """Every proxy of a stack, for questions; owns no fault. A proxy that does not answer is left out."""
    borders: dict[str, Border] = {}
    try:
        for region, container in cluster.border_containers.items():
            try:
                borders[region] = Border.connect(container, "status", lambda region, event: None)
            except ControlLost:
                continue
        yield borders
    finally:
        for border in borders.values():
            border.close()


@contextmanager
def guardian_asked(box: GuardianBox) -> Iterator[Guardian | None]:
    """The helper for containers of a stack, for questions; None where it does not run or does not answer."""
    try:
        container = box.find()
        guardian = (
            box.connect("status", lambda name, event: None) if container and container.status == "running" else None
        )
    except ClusterError:
        guardian = None
    try:
        yield guardian
    finally:
        if guardian is not None:
            guardian.close()


def live_runs(home: Path) -> list[str]:
    """Runs of this folder whose process is alive."""
    alive = {name for lock in (home / "locks").glob("*") if (name := holder(lock))}
    return [folder.name for folder in run_folders(home) if folder.name in alive]


def status_now(home: Path) -> dict[str, Any]:
    """`{runs, injections}` of surface.md §7; every state is what a proxy or a flagged service answers now."""
    alive = live_runs(home)
    runs = dict.fromkeys(alive, True)
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for cluster in standing_clusters(home):
        if not alive:
            runs.setdefault(cluster.run, False)
        with asked(cluster) as borders:
            for region in cluster.border_containers.keys() - borders.keys():
                merged[(cluster.run, f"proxy of {region}")] = _row(
                    cluster.run, f"proxy of {region}", region, "unknown", 0.0
                )
            for border in borders.values():
                _merge(merged, border.status())
        with guardian_asked(cluster.guardian_box()) as guardian:
            if guardian is not None:
                _merge(merged, guardian.status())
    return {"runs": [{"run": run, "alive": live} for run, live in runs.items()], "injections": list(merged.values())}


def _row(run: str, name: str, target: str, state: str, left_s: float) -> dict[str, Any]:
    return {"id": name, "run": run, "target": target, "state": state, "left_s": left_s}


def _merge(merged: dict[tuple[str, str], dict[str, Any]], answer: dict[str, Any]) -> None:
    for entry in answer.get("injections", ()):
        key = (entry["owner"], entry["id"])
        places = [*entry.get("edges", ()), *entry.get("services", ())]
        row = merged.setdefault(key, _row(entry["owner"], entry["id"], "", entry["state"], entry["left_s"]))
        row["target"] = ", ".join(filter(None, [row["target"], *places]))
        row["left_s"] = max(row["left_s"], entry["left_s"])


def observe_edges(home: Path, seconds: int) -> dict[str, dict[str, float | None]]:
    """Requests, median wait and bytes per second of every edge over the next seconds, from the stacks that are up."""
    clusters = standing_clusters(home)
    if not clusters:
        raise UsageError("no stack is up here; `regionfall up` starts it")
    seen: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for cluster in clusters:
        with asked(cluster) as borders:
            for border in borders.values():
                border.stats()
            time.sleep(seconds)
            for border in borders.values():
                for row in border.stats().get("seconds", ()):
                    seen[row["edge"]].append(row)
    return {edge: _traffic(rows, seconds) for edge, rows in seen.items()}


def _traffic(rows: list[dict[str, Any]], seconds: int) -> dict[str, float | None]:
    times = [time_us / 1e6 for row in rows for time_us in row.get("times_us", ())]
    return {
        "requests_per_s": sum(row.get("requests", 0) for row in rows) / seconds,
        "p50_s": statistics.median(times) if times else None,
        "bytes_per_s": sum(row.get("up_bytes", 0) + row.get("down_bytes", 0) for row in rows) / seconds,
    }
