"""One run from plan to verdict: folder, stack, load, faults, judge, report, and everything taken down again."""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.cluster.cluster import Cluster
from harness.journal.folder import shown
from harness.model.errors import CleanupUnverified, HarnessError
from harness.model.finding import Verdict
from harness.model.plan import Plan
from harness.model.progress import Listener
from harness.runner.rig import StopClock
from harness.wiring.judgement import judge_folder
from harness.wiring.rigging import RunOptions, Setting, keep_logs, opened_setting, rigged
from harness.wiring.rough import disk_error, on_disk
from harness.wiring.stack import opened_stack
from harness.wiring.workspace import Workspace


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


def run_plan(plan: Plan, workspace: Workspace, listener: Listener, clock: StopClock, options: RunOptions) -> RunResult:
    """Carry out `plan` and judge it. Problems of the environment are part of the result, not raised.

    Under an engaged lever nothing is begun: ClusterError.
    """
    setting = opened_setting(plan, workspace, listener, clock, options)
    error = _carried_out(setting)
    setting.journal.close()
    with on_disk(setting.folder, error):
        verdict = judge_folder(setting.folder)
    return RunResult(setting.folder, verdict, error)


def _carried_out(session: Setting) -> HarnessError | None:
    plan, folder, journal = session.plan, session.folder, session.journal
    try:
        with opened_stack(
            plan, session.workspace, folder, journal, session.listener, keep=session.options.keep
        ) as cluster:
            session.note(plan, cluster)
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


def _measured(session: Setting, cluster: Cluster) -> None:
    with rigged(session, cluster) as execution:
        execution.run()
    keep_logs(session, cluster)
