"""What one run is wired to: folder and journal first, then proxies, load, store and helper around an `Execution`."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.analysis.steady import baseline_broken
from harness.cluster.cluster import Cluster
from harness.cluster.control import Border
from harness.cluster.inside import Inside
from harness.journal.events import Journal
from harness.journal.folder import new_run, shown
from harness.journal.lever import engaged
from harness.journal.manifest import Manifest, read_record, write_manifest
from harness.journal.store import SampleStore
from harness.model.errors import HarnessError
from harness.model.masking import Mask
from harness.model.plan import Plan
from harness.model.progress import Listener, RunOpened, Said
from harness.runner.acts import beside
from harness.runner.edge_bytes import EdgeBytes
from harness.runner.ladder import Tried
from harness.runner.rig import Inbox, Rig, StopClock
from harness.runner.run import Execution
from harness.wiring.callees import follow_services
from harness.wiring.containers import guardian_of, guardian_on_demand, guardian_repaired
from harness.wiring.halt import refuse_if_engaged
from harness.wiring.hand.others import refuse_faults_of_others
from harness.wiring.machine import environment_facts, host_gauge
from harness.wiring.repair import repaired
from harness.wiring.rough import on_disk, unbreakable
from harness.wiring.secrecy import guest_mask
from harness.wiring.steps import StepDoer
from harness.wiring.workspace import Workspace
from harness.workload.run import LoadRun
from harness.workload.window import FlowWindow


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is to be carried out, beyond its plan."""

    keep: bool = False
    grows: bool = False
    """The plan is not whole yet: what it may need is started when it is needed."""
    command: tuple[str, ...] = tuple(sys.argv)


@dataclass(frozen=True, slots=True)
class Setting:
    """What every step of one run works with."""

    plan: Plan
    workspace: Workspace
    folder: Path
    journal: Journal
    listener: Listener
    clock: StopClock
    options: RunOptions
    mask: Mask

    def note(self, plan: Plan, cluster: Cluster | None = None) -> None:
        """Write the manifest again: with the images that really run, or with a plan that has grown."""
        facts = {**environment_facts(), **(cluster.image_digests() if cluster else {})}
        write_manifest(self.folder, Manifest(self.folder.name, plan, facts, self.options.command), self.mask)


def opened_setting(
    plan: Plan, workspace: Workspace, listener: Listener, clock: StopClock, options: RunOptions
) -> Setting:
    """A new run folder with manifest and journal, before anything is started. ClusterError under an engaged lever."""
    refuse_if_engaged(workspace.home)
    clock.over = False
    mask = guest_mask(workspace.project_of(plan).config, plan)
    with on_disk(workspace.home):
        folder = new_run(workspace.home, plan.name, datetime.now(UTC), secrets.token_hex(2))
        journal = Journal(folder, monotonic=clock.monotonic, on_broken=clock.fail, mask=mask)
        write_manifest(folder, Manifest(folder.name, plan, environment_facts(), options.command), mask)
    told = unbreakable(lambda event: listener(mask.told(event)), journal)
    journal.write("run_opened", run=folder.name, plan=plan.name, seed=plan.seed)
    told(RunOpened(folder.name, shown(folder), plan))
    return Setting(plan, workspace, folder, journal, told, clock, options, mask)


@contextmanager
def rigged(session: Setting, cluster: Cluster) -> Iterator[Execution]:
    """The execution of one run on a stack that is up, to be run once within the scope."""
    plan, folder, journal = session.plan, session.folder, session.journal
    inbox, window = Inbox(), FlowWindow(plan.load.flows)
    relay = _Relay()
    helper = guardian_on_demand if session.options.grows else guardian_of
    with ExitStack() as stack:
        borders = stack.enter_context(_connected(cluster, folder.name, relay))
        refuse_faults_of_others(borders, folder.name)
        store = SampleStore(folder / "samples.sqlite", session.mask)
        stack.callback(store.close)
        load = LoadRun(
            cluster.load_container,
            plan,
            on_samples=inbox.samples,
            on_event=lambda event: journal.write("load_event", **event),
        )
        stack.callback(load.close)
        guardian = stack.enter_context(helper(plan, cluster, folder.name, relay.border_event))
        edge_bytes = EdgeBytes()
        inside = Inside(plan.stack, cluster.border_containers, cluster.container, edge_bytes.per_second)
        stack.callback(inside.close)
        rig = Rig(
            borders=borders,
            load=load,
            window=window,
            store=store,
            journal=journal,
            inbox=inbox,
            clock=session.clock,
            listener=session.listener,
            gauge=lambda: host_gauge(folder),
            baseline_broken=lambda: baseline_broken(read_record(folder)),
            addresses=cluster.addresses,
            world=inside,
            edge_bytes=edge_bytes,
            repair=lambda region: repaired(cluster, region, folder.name, told=_rung_told(journal)),
            halted=lambda: _lever_words(session.workspace.home),
            name=folder.name,
            protected=cluster.protected,
            guardian=guardian,
            spawn=beside,
            repair_guardian=lambda: guardian_repaired(cluster, folder.name),
            doer=StepDoer(cluster, plan.stack, session.workspace.environ),
        )
        stack.enter_context(follow_services(cluster, borders, journal))
        relay.execution = Execution(plan, rig)
        yield relay.execution


def _rung_told(journal: Journal) -> Callable[[str, Tried], None]:
    return lambda region, tried: journal.write("undo_rung", border=region, **asdict(tried))


def _lever_words(home: Path) -> str:
    lever = engaged(home)
    return lever.reason if lever else ""


class _Relay:
    """Borders connect before the execution exists; their events reach it from then on."""

    def __init__(self) -> None:
        self.execution: Execution | None = None

    def border_event(self, region: str, event: dict[str, Any]) -> None:
        if self.execution is not None:
            self.execution.border_event(region, event)


@contextmanager
def _connected(cluster: Cluster, owner: str, relay: _Relay) -> Iterator[dict[str, Border]]:
    borders: dict[str, Border] = {}
    try:
        for region, container in cluster.border_containers.items():
            borders[region] = Border.connect(container, owner, relay.border_event)
        yield borders
    finally:
        for border in borders.values():
            border.close()


LOG_LINES = 2000


def keep_logs(session: Setting, cluster: Cluster) -> None:
    """The guests' last lines, beside what was measured."""
    plan, folder, listener = session.plan, session.folder, session.listener
    for service in plan.stack.services:
        try:
            text = cluster.logs(service.name, LOG_LINES)
        except HarnessError as error:
            listener(Said(f"log of {service.name} not kept: {error}", warning=True))
            continue
        if text.strip():
            try:
                (folder / "logs" / f"{service.name}.log").write_text(
                    session.mask.text(text)[-200_000:], encoding="utf-8"
                )
            except OSError as error:
                listener(Said(f"log of {service.name} not kept: {error.strerror}", warning=True))
                return
