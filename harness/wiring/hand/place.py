"""Which stack a fault by hand goes to, what is known of it, and where the fault's own folder lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cattrs

from harness.cluster.cluster import Cluster, standing_clusters
from harness.cluster.lock import holder, lock_path
from harness.journal.manifest import read_manifest
from harness.model.errors import UsageError
from harness.model.fault import Fault, Injection
from harness.model.plan import Limits, Plan
from harness.model.stack import Stack

STACK = "stack.json"
FOLDER = "hand"
AGAIN = "`regionfall down`, then `regionfall up`"


def keep_stack(folder: Path, stack: Stack, limits: Limits) -> None:
    """Write down what stands, beside its rendered file: labels of the user's files, no values of environments."""
    body = {"stack": cattrs.unstructure(stack), "limits": cattrs.unstructure(limits)}
    (folder / STACK).write_text(json.dumps(body), encoding="utf-8")


def the_cluster(home: Path, project: str | None) -> Cluster:
    """The one stack of this folder that is up, or the one that `-p` names. UsageError without exactly one."""
    clusters = standing_clusters(home)
    chosen = [one for one in clusters if project in (None, one.name, one.project)]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(one.project for one in clusters)
    if not clusters:
        raise UsageError("no stack is up here; `regionfall up` starts it")
    raise UsageError(f"which stack? {names} are up here; name one with -p NAME")


def known_of(cluster: Cluster) -> tuple[Stack, list[Limits]]:
    """The stack as it was read when it was started, and the limits of everything that runs on it."""
    run = holder(lock_path(cluster.home, cluster.project)) or ""
    live = cluster.home / "runs" / run / "manifest.json"
    plans = [read_manifest(live.parent).plan] if run and live.exists() else []
    own = cluster.home / "up" / cluster.name / STACK
    started = cluster.home / "runs" / cluster.run
    if own.exists() and not (started / "manifest.json").exists():
        return _read(own, plans)
    if (started / "manifest.json").exists():
        plan = read_manifest(started).plan
        return plan.stack, [plan.limits, *(other.limits for other in plans)]
    raise UsageError(f"what stands as {cluster.project} is not written down in {cluster.home}; {AGAIN}")


def _read(path: Path, plans: list[Plan]) -> tuple[Stack, list[Limits]]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        stack, limits = cattrs.structure(body["stack"], Stack), cattrs.structure(body["limits"], Limits)
    except (OSError, ValueError, KeyError, TypeError, cattrs.BaseValidationError) as error:
        raise UsageError(
            f"{path}: damaged ({type(error).__name__}); `regionfall down`, then `regionfall up`"
        ) from error
    labelled = tuple(service.name for service in stack.services if service.protect)
    declared = tuple((f"protect {name}", place) for name, place in stack.protected_at)
    protect = Limits(protect=labelled, declared=declared)
    return stack, [protect, limits, *(plan.limits for plan in plans)]


def hand_folder(home: Path, id_: str) -> Path:
    """Where a fault by hand keeps its order, journal and measurements."""
    return home / FOLDER / id_


def lock_name(id_: str) -> str:
    """Name of the lock that its holder has while it lives."""
    return f"{FOLDER}-{id_}"


def live_hands(home: Path) -> Iterator[str]:
    """Ids of faults by hand whose holder lives."""
    for folder in sorted((home / FOLDER).glob("*")):
        if holder(lock_path(home, lock_name(folder.name))) is not None:
            yield folder.name


def as_injection(entry: dict[str, object]) -> Injection:
    """What a proxy says that holds, as far as bounds care: its edges and services."""
    edges, services = entry.get("edges") or (), entry.get("services") or ()
    assert isinstance(edges, (list, tuple)) and isinstance(services, (list, tuple))
    return Injection(str(entry["id"]), Fault("slow"), "", "", 0.0, 0.0, tuple(edges), tuple(services))
