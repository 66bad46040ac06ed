"""A run whose plan grows while it goes on: a program says what breaks and when. Guards, proof, undo: those of a file.

The execution has a thread of its own; the program's thread asks for changes and waits until they hold.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any

from harness.cluster.cluster import Cluster
from harness.cluster.lock import project_lock
from harness.model.errors import ClusterError, HarnessError, Inconclusive, InvalidFile, Stopped
from harness.model.fault import State
from harness.model.finding import Finding, FindingKind, Verdict
from harness.model.objective import Objective
from harness.model.plan import Plan
from harness.model.progress import Event, FlowNow, Listener, Tick
from harness.runner.rig import StopClock
from harness.runner.run import Ended, Execution
from harness.spec.script import Script
from harness.wiring.judgement import judge_folder
from harness.wiring.rigging import RunOptions, keep_logs, opened_setting, rigged
from harness.wiring.workspace import Workspace

LOOK_S = 0.02
HOLD_S = 60.0
"""How long a fault may take to come to hold or to be lifted: a service that ends in order may take half a minute."""
START_S = 120.0


class LiveRun:
    """One load with whatever breaks under it, on a stack that is up. Use from one thread; `finish` on every way out.

    `clock` is stopped by whoever wants the run to end in order.
    """

    def __init__(
        self, script: Script, workspace: Workspace, cluster: Cluster, listener: Listener, clock: StopClock
    ) -> None:
        self._script, self._workspace, self._cluster, self._clock = script, workspace, cluster, clock
        self._flows: tuple[FlowNow, ...] = ()
        self._listener = listener
        self._over = threading.Event()
        self._begun = threading.Event()
        self._execution: Execution | None = None
        self._ended: Ended | None = None
        self._error: BaseException | None = None
        self._finished = False
        plan = script.plan(workspace.read_stack)
        self._setting = opened_setting(plan, workspace, self._heard, clock, RunOptions(keep=True, grows=True))
        self._thread = threading.Thread(target=self._carry_out, name="live-run", daemon=True)

    @property
    def folder(self) -> Any:
        """The run folder."""
        return self._setting.folder

    @property
    def flows(self) -> tuple[FlowNow, ...]:
        """The last seconds of every flow, as of the last full second."""
        return self._flows

    @property
    def script(self) -> Script:
        """The document so far."""
        return self._script

    def start(self) -> None:
        """Returns when the load runs. ClusterError when it does not."""
        self._thread.start()
        end = time.monotonic() + START_S
        while not self._begun.wait(LOOK_S):
            self._refuse_if_over()
            if time.monotonic() > end:
                raise ClusterError(f"the load did not start within {START_S:g} s; {self.folder} tells what happened")

    # -- the program's moves

    def steady(self, for_s: float, expect: Mapping[str, Any]) -> None:
        """The baseline: `for_s` seconds from now. Inconclusive when it is not what `expect` says."""
        __tracebackhide__ = True
        run_s = self._running().run_us() / 1e6
        self._grow(lambda script: script.steady(for_s, run_s, expect))
        self.wait_until(0.0)

    def inject(self, on: str, how: Mapping[str, Any], *, id_: str = "", phase: str = "") -> str:
        """A fault from now on; returns its id when it holds. Inconclusive when it did not take hold."""
        __tracebackhide__ = True
        at_s, name = self._running().wall_s(), ""

        def broken(script: Script) -> None:
            nonlocal name
            name = script.broken(on, how, at_s, id_=id_, phase=phase)

        self._grow(broken)
        state = self._waited(name, State.PENDING)
        if state is not State.HOLDING:
            raise Inconclusive(f"{name} on {on} did not take hold ({state}); {self.folder}/events.ndjson tells why")
        return name

    def lift(self, name: str) -> State:
        """The fault ends now; what became of it, when that is known."""
        if self._over.is_set():
            return self._running().injector.state_of(name)
        at_s = self._running().wall_s()
        try:
            self._grow(lambda script: script.mended(name, at_s))
        except InvalidFile:  # whatever is wrong with the document, the fault goes
            plan = self._running().plan
            ended = (replace(one, end_s=at_s) if one.id == name else one for one in plan.injections)
            self._go_on(replace(plan, injections=tuple(ended)))
            raise
        return self._waited(name, State.HOLDING)

    def phase(self, name: str) -> None:
        """Time from now on is called `name`."""
        __tracebackhide__ = True
        at_s = self._running().wall_s()
        self._grow(lambda script: script.phase(name, at_s))

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises when the run ends meanwhile."""
        __tracebackhide__ = True
        self.wait_until(self._running().wall_s() + seconds)

    def wait_until(self, wall_s: float) -> None:
        """The same, until a moment after t=0."""
        __tracebackhide__ = True
        while (left := wall_s - self._running().wall_s()) > 0:
            self._refuse_if_over()
            self._over.wait(min(left, 0.25))
        self._refuse_if_over()

    def expect(self, subject: str, limits: Mapping[str, Any]) -> tuple[Verdict, tuple[Finding, ...]]:
        """Objectives for a load that is over: the verdict on everything asked so far, and the answers to these."""
        alone, grown = copy.deepcopy(self._script), copy.deepcopy(self._script)
        alone.expect = {subject: [dict(limits)]}
        asked = [_bare(one) for one in alone.plan(self._workspace.read_stack).objectives]
        grown.expect.setdefault(subject, []).append(dict(limits))
        plan = grown.plan(self._workspace.read_stack)
        self._script = grown
        self._keep(plan)
        verdict = judge_folder(self.folder)
        answers = [finding for finding in verdict.findings if finding.kind is FindingKind.OBJECTIVE]
        pairs = zip(plan.objectives, answers, strict=True)
        return verdict, tuple(finding for objective, finding in pairs if _bare(objective) in asked)

    @property
    def holding(self) -> tuple[str, ...]:
        """Faults that hold now."""
        return self._execution.injector.holding if self._execution is not None and not self._over.is_set() else ()

    def finish(self, error: BaseException | None = None) -> None:
        """The load ends, everything is lifted, what was measured is judged. Safe to repeat.

        `error`: what the program ended with, for the journal.
        """
        if self._finished:
            return
        self._finished = True
        if error is not None:
            self._setting.journal.write("program_failed", reason=repr(error)[:500])
        if self._execution is not None and not self._over.is_set():
            with suppress(HarnessError):
                self._last_piece()
        if self._thread.ident is not None:
            self._thread.join()
        self._setting.journal.close()
        judge_folder(self.folder)
        self._raise_for_the_end()

    # -- inside

    def _last_piece(self) -> None:
        """What is open ends now; a baseline that was never asked for was not measured."""
        if self._script.steady_s is None:
            self._setting.journal.write("program_failed", reason="it measured no baseline")
            execution = self._running()
            execution.rig.inbox.call(execution.end_now)
            return
        now_s = self._running().wall_s()
        if not self._script.phases or now_s < 1.0:
            self.wait_until(1.0)
        now_s = self._running().wall_s()

        def done(script: Script) -> None:
            for name in script.holding:
                script.mended(name, now_s)
            script.done(now_s)

        self._grow(done)

    def _grow(self, change: Callable[[Script], None]) -> None:
        """Change the document, plan it anew, have the run go on with that. InvalidFile leaves everything as it was."""
        __tracebackhide__ = True
        self._refuse_if_over()
        grown = copy.deepcopy(self._script)
        change(grown)
        plan = grown.plan(self._workspace.read_stack)
        self._script = grown
        self._go_on(plan)

    def _go_on(self, plan: Plan) -> None:
        """Have the run's own thread take over a plan."""
        execution, done = self._running(), threading.Event()

        def replan() -> None:
            execution.replan(plan)
            done.set()

        execution.rig.inbox.call(replan)
        while not done.wait(LOOK_S) and not self._over.is_set():
            pass
        self._keep(plan)

    def _keep(self, plan: Plan) -> None:
        """The plan of now in the manifest, so that the folder can be judged whatever happens next."""
        self._setting.note(plan, self._cluster)

    def _waited(self, name: str, left: State) -> State:
        """The state of an injection once it is no longer `left`."""
        injector, end = self._running().injector, time.monotonic() + HOLD_S
        while (state := injector.state_of(name)) is left and time.monotonic() < end and not self._over.is_set():
            time.sleep(LOOK_S)
        return state

    def _carry_out(self) -> None:
        setting, cluster = self._setting, self._cluster
        try:
            with ExitStack() as stack:
                project = setting.workspace.project_of(setting.plan).name
                stack.enter_context(project_lock(setting.workspace.home, project, setting.folder.name))
                setting.note(setting.plan, cluster)
                setting.journal.write("stack_ready", project=cluster.name, found=True)
                execution = stack.enter_context(rigged(setting, cluster))
                execution.on_begun = self._begun.set
                self._execution = execution
                self._ended = execution.run()
            keep_logs(setting, cluster)
        except BaseException as error:
            self._error = error
            code = error.exit_code if isinstance(error, HarnessError) else 70
            setting.journal.write("run_failed", reason=str(error) or repr(error), code=code)
        finally:
            self._over.set()

    def _heard(self, event: Event) -> None:
        if isinstance(event, Tick):
            self._flows = event.flows
        self._listener(event)

    def _running(self) -> Execution:
        if self._execution is None:
            raise ClusterError("the load does not run yet")
        return self._execution

    def _refuse_if_over(self) -> None:
        """Whoever asks for something of a run that has ended is told why it ended."""
        __tracebackhide__ = True
        if not self._over.is_set():
            return
        self._raise_for_the_end()
        steady = self._execution is not None and self._running().broken_baseline
        raise Inconclusive(
            f"not steady before anything was broken: {steady}" if steady else f"the load is over; {self.folder}"
        )

    def _raise_for_the_end(self) -> None:
        __tracebackhide__ = True
        if isinstance(self._error, HarnessError):
            raise self._error
        if self._error is not None:
            raise HarnessError(f"internal error, please report: {self._error!r} ({self.folder})") from self._error
        if self._ended is None:
            return
        if self._ended.signal:
            raise Stopped(self._ended.signal)
        if self._ended.status == "errored":
            raise ClusterError(f"{self._ended.reason}; {self.folder}")


def _bare(objective: Objective) -> Objective:
    """Without the place where it was written."""
    return replace(objective, line=1, column=1)
