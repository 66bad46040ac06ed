"""The stack of a run: one found up is used, healed and left; one that was started here is taken down again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.cluster.cluster import Cluster, find_cluster
from harness.cluster.images import ensure_images
from harness.cluster.lock import project_lock
from harness.cluster.project import Project
from harness.cluster.weave.render import weave
from harness.cluster.weave.woven import Woven
from harness.faults.catalogue import type_of
from harness.journal.events import Journal
from harness.model.errors import CleanupUnverified, ClusterError
from harness.model.plan import Plan
from harness.model.progress import Listener, Said
from harness.model.stack import Stack
from harness.spec.clock import scale_clock_values
from harness.wiring.workspace import Workspace


def woven_project(
    project: Project, workspace: Workspace, run: str, progress: Callable[[str], None], plan: Plan | None = None
) -> Woven:
    """Render `project` with every dependency through a proxy; `plan` adds its environment and volumes."""
    compression = plan.clock_default if plan else 1.0
    return weave(
        project,
        home=workspace.home,
        run=run,
        images=ensure_images(progress),
        environment={service: dict(values) for service, values in plan.environment} if plan else {},
        volumes=plan.volumes if plan else "fresh",
        scale=lambda text: scale_clock_values(text, compression),
        requests=_requests(plan) if plan else frozenset(edge.id for edge in project.stack.edges if edge.http),
        looked_up=_looked_up(plan.stack, plan) if plan else _looked_up(project.stack, None),
    )


def _requests(plan: Plan) -> frozenset[str]:
    """Edges on which the plan breaks single requests: HAProxy stands there in every phase and in both arms."""
    struck = (i for i in (*plan.injections, *plan.left_out) if type_of(i.fault).per_request)
    return frozenset(edge for injection in struck for edge in injection.edges)


def _looked_up(stack: Stack, plan: Plan | None) -> frozenset[tuple[str, str]]:
    """(caller, callee) whose name must be asked for: where the plan breaks names; on a stack for faults by hand all."""
    if plan is None:
        return frozenset((edge.caller, edge.callee) for edge in stack.edges if not (edge.entry or edge.udp))
    misled = (i for i in (*plan.injections, *plan.left_out) if type_of(i.fault).by_name)
    edges = (stack.edge(name) for injection in misled for name in injection.edges)
    return frozenset((edge.caller, edge.callee) for edge in edges)


def fitting(woven: Woven, workspace: Workspace) -> Cluster | None:
    """The stack of this project that is up, None if there is none. ClusterError for one that cannot serve this run."""
    cluster = find_cluster(workspace.home, woven.name)
    if cluster is None:
        return None
    if cluster.fingerprint != woven.fingerprint:
        raise ClusterError(
            f"the stack {woven.name} is up with other settings than this run needs; `regionfall down` takes it away"
        )
    if missing := sorted(woven.requests - cluster.requests):
        text = f"the stack {woven.name} is up without what breaks single requests on {', '.join(missing[:3])}"
        raise ClusterError(f"{text}; `regionfall down` takes it away, and the next run starts it with it")
    if missing := sorted(f"{one}->{other}" for one, other in woven.looked_up - cluster.looked_up):
        text = f"the stack {woven.name} is up with the names of {', '.join(missing[:3])} in a file of the caller"
        raise ClusterError(f"{text}; `regionfall down` takes it away, and the next run starts it with a name server")
    return cluster


@contextmanager
def opened_stack(
    plan: Plan, workspace: Workspace, folder: Path, journal: Journal, listener: Listener, *, keep: bool
) -> Iterator[Cluster]:
    """The stack of `plan`, up and ready. Takes down what it started, on every way out, unless `keep`."""
    project = workspace.project_of(plan)

    def progress(text: str) -> None:
        journal.write("progress", text=text)
        listener(Said(text))

    with project_lock(workspace.home, project.name, folder.name):
        woven = woven_project(project, workspace, folder.name, progress, plan)
        cluster = fitting(woven, workspace)
        found = cluster is not None
        if cluster is None:
            cluster = Cluster.up(woven, folder=folder, progress=progress, keep_on_failure=keep)
        journal.write("stack_ready", project=woven.name, found=found)
        try:
            yield cluster
        finally:
            if not found and not keep:
                _taken_down(cluster, journal)


def _taken_down(cluster: Cluster, journal: Journal) -> None:
    """Take the stack away and read back; what is left makes the clean-up unverified."""
    left = cluster.down()
    journal.write("stack_down", left=left)
    if left:
        raise CleanupUnverified(f"still there: {', '.join(left[:5])}; run: regionfall down")
