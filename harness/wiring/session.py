"""One run from plan to verdict: folder, stack, load, faults, judge, report, and everything taken down again."""

from __future__ import annotations

import secrets
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
from harness.model.errors import CleanupUnverified, HarnessError
from harness.model.finding import Verdict
from harness.model.masking import Mask
from harness.model.plan import Plan
from harness.model.progress import Listener, RunOpened, Said
from harness.runner.acts import beside
from harness.runner.edge_bytes import EdgeBytes
from harness.runner.ladder import Tried
from harness.runner.rig import Inbox, Rig, StopClock
from harness.runner.run import Ended, Execution
from harness.wiring.callees import follow_services
from harness.wiring.containers import guardian_of, guardian_repaired
from harness.wiring.halt import refuse_if_engaged
from harness.wiring.hand.others import refuse_faults_of_others
from harness.wiring.judgement import judge_folder
from harness.wiring.machine import environment_facts, host_gauge
from harness.wiring.repair import repaired
from harness.wiring.rough import disk_error, on_disk, unbreakable
from harness.wiring.secrecy import guest_mask
from harness.wiring.stack import opened_stack
from harness.wiring.steps import StepDoer
from harness.wiring.workspace import Workspace
from harness.workload.run import LoadRun
from harness.workload.window import FlowWindow


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a face needs to show and to end with."""

    folder: Path
    verdict: Verdict
    error: HarnessError | None = None

    @property
    def exit_code(self) -> int:
        """The code of this run; a stack that could not be taken down outranks every verdict."""
        return 7 if isinstance(self.error, CleanupUnverified) else self.verdict.exit_code


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is to be carried out, beyond its plan."""

    keep: bool = False
    command: tuple[str, ...] = tuple(sys.argv)


@dataclass(frozen=True, slots=True)
class _Session:
    """What every step of one run works with."""

    plan: Plan
    workspace: Workspace
    folder: Path
    journal: Journal
    listener: Listener
    clock: StopClock
    options: RunOptions
    mask: Mask


def run_plan(
    plan: Plan, workspace: Workspace, listener: Listener, clock: StopClock, options: RunOptions = RunOptions()
) -> RunResult:
    """Carry out `plan` and judge it. Problems of the environment are part of the result, not raised.

    Under an engaged lever nothing is begun: ClusterError.
    """
    refuse_if_engaged(workspace.home)
    clock.over = False
    mask = guest_mask(workspace.project_of(plan).config, plan)
    with on_disk(workspace.home):
        folder = new_run(workspace.home, plan.name, datetime.now(UTC), secrets.token_hex(2))
        journal = Journal(folder, monotonic=clock.monotonic, on_broken=clock.fail, mask=mask)
        run = folder.name
        write_manifest(folder, Manifest(run, plan, environment_facts(), options.command), mask)
    shown_to = listener
    listener = unbreakable(lambda event: shown_to(mask.told(event)), journal)
    journal.write("run_opened", run=run, plan=plan.name, seed=plan.seed)
    listener(RunOpened(run, shown(folder), plan))
    error = _carried_out(_Session(plan, workspace, folder, journal, listener, clock, options, mask))
    journal.close()
    with on_disk(folder, error):
        verdict = judge_folder(folder)
    return RunResult(folder, verdict, error)


def _carried_out(session: _Session) -> HarnessError | None:
    plan, folder, journal = session.plan, session.folder, session.journal
    try:
        with opened_stack(
            plan, session.workspace, folder, journal, session.listener, keep=session.options.keep
        ) as cluster:
            facts = {**environment_facts(), **cluster.image_digests()}
            write_manifest(folder, Manifest(folder.name, plan, facts, session.options.command), session.mask)
            _measured(session, cluster)
    except (HarnessError, OSError) as raised:
        error = raised if isinstance(raised, HarnessError) else disk_error(folder, raised)
        journal.write("run_failed", reason=str(error), code=error.exit_code)
        error.args = (session.mask.text(str(error)),)
        return error
    except KeyboardInterrupt:
        journal.write("run_failed", reason="interrupted before the load began", code=130)
    except Exception as error:
        with suppress(OSError):  # a full disk has no room for it; the journal says what it was
            (folder / "crash.txt").write_text(session.mask.text(traceback.format_exc()), encoding="utf-8")
        journal.write("run_failed", reason=f"internal error: {error!r}", code=70)
        told = session.mask.text(repr(error))
        return HarnessError(f"internal error, please report: {shown(folder)}/crash.txt ({told})")
    finally:
        session.clock.over = True
    return None


def _measured(session: _Session, cluster: Cluster) -> Ended:
    plan, folder, journal = session.plan, session.folder, session.journal
    inbox, window = Inbox(), FlowWindow(plan.load.flows)
    relay = _Relay()
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
        guardian = stack.enter_context(guardian_of(plan, cluster, folder.name, relay.border_event))
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
        execution = Execution(plan, rig)
        relay.execution = execution
        ended = execution.run()
    _keep_logs(session, cluster)
    return ended


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


def _keep_logs(session: _Session, cluster: Cluster) -> None:
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
