"""Experiment files as tests: one item a file, each objective a testcase of its own in JUnit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.model.errors import CleanupUnverified, HarnessError, Inconclusive, ResilienceFailed
from harness.model.finding import Answer, FindingKind
from harness.pytest_plugin import outcome, pool_of
from harness.pytest_plugin.pool import engine_or_skip
from harness.report.failure import told


class ExperimentFile(pytest.File):
    """`*.chaos.yaml`."""

    def collect(self) -> Iterable[pytest.Item]:
        """The one experiment in it."""
        return [ExperimentItem.from_parent(self, name=self.path.name)]


class ExperimentItem(pytest.Item):
    """One experiment, run when pytest comes to it."""

    def runtest(self) -> None:
        """Start the stack, break, judge, take down."""
        run_experiment(self, self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: the lines that matter are those of the file."""
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it stands."""
        return self.path, None, f"experiment {self.path.name}"


def run_experiment(item: pytest.Item, path: Path) -> None:
    """Run one file on a stack of its own. Raises what its verdict says."""
    from harness.script.cluster import run_file

    if item.config.getoption("--chaos-fake"):
        _faked(item, path)
        return
    engine_or_skip(item, by_name=_by_name(item, path))
    with pool_of(item.config).nothing():
        result = run_file(path, seed=item.config.getoption("--chaos-seed"), run_dir=item.config.invocation_params.dir)
    _objectives(item, result)
    if result.error is not None:
        raise result.error
    said = "\n".join([result.verdict.headline, *result.verdict.reasons, f"report: {result.folder}/report.html"])
    if result.verdict.cleanup != "verified":
        raise CleanupUnverified(said)
    if result.exit_code == 1:
        raise ResilienceFailed(said)
    if result.exit_code != 0:
        raise Inconclusive(said)


def _faked(item: pytest.Item, path: Path) -> None:
    """`--chaos-fake`: the file is planned, and answers by order."""
    from harness.script.fake import FakeCluster
    from harness.spec.load import load_experiment
    from harness.wiring.workspace import Workspace

    workspace = Workspace(path.parent, run_dir=item.config.invocation_params.dir)
    load_experiment(path, read_stack=workspace.read_stack)
    FakeCluster(workspace, item.config.getoption("--chaos-fake-answer")).answer_for(path.name)


def _by_name(item: pytest.Item, path: Path) -> bool:
    """Whether somebody asked for this very file: on the command line, or by a marker."""
    named = [Path(item.config.invocation_params.dir, str(word).partition("::")[0]) for word in item.config.args]
    return path.resolve() in [one.resolve() for one in named] or item.get_closest_marker("experiment") is not None


def _objectives(item: pytest.Item, result: Any) -> None:
    for finding in result.verdict.findings:
        if finding.kind is FindingKind.GUARD:
            continue
        good = finding.verdict is Answer.PASSED
        report = pytest.TestReport(
            nodeid=f"{item.nodeid}::{finding.name}", location=item.location, keywords={},
            outcome="passed" if good else "failed", longrepr=None if good else told(finding),
            when="call", duration=0.0,
        )  # fmt: skip
        setattr(report, outcome.OBJECTIVE, True)
        if finding.verdict is Answer.INCONCLUSIVE:
            setattr(report, outcome.ATTRIBUTE, "inconclusive")
        item.ihook.pytest_runtest_logreport(report=report)
