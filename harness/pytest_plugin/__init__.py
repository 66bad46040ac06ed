"""The pytest plugin: fixtures `chaos` and `chaos_cluster`; markers; experiment files as tests.

It costs next to nothing in a suite that does not use it: whatever needs Docker is imported inside fixtures.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.pytest_plugin import outcome
from harness.pytest_plugin.locust_quiet import quieten

if TYPE_CHECKING:
    from harness.pytest_plugin.pool import Pool
    from harness.script.chaos import Chaos
    from harness.script.cluster import Cluster
    from harness.script.edge import Edge
    from harness.script.question import Question

RUN = "REGIONFALL_PYTEST_RUN"
"""Names one pytest run, for all of its processes."""
POOL = pytest.StashKey["Pool"]()
CHAOS = pytest.StashKey["Chaos"]()
SEED = pytest.StashKey[int]()
CALLED = pytest.StashKey[bool]()
"""The test's own lines came to their end, well or not."""
FAILED = pytest.StashKey[bool]()
JUNIT: list[pytest.Config] = []
"""The configuration of this process, for the one hook that is not told it."""
ENDINGS = (".chaos.yaml", ".chaos.yml")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Everything begins with `chaos`."""
    quieten(parser, pluginmanager)
    group = parser.getgroup("regionfall", "chaos experiments (regionfall)")
    compose = "Compose file of the stack; may be repeated."
    group.addoption("--chaos-compose", action="append", metavar="FILE", help=compose)
    seed = "Seed of load and shares; the header shows the one in use."
    group.addoption("--chaos-seed", type=int, metavar="N", help=seed)
    keep = "Leave the stack up at the end: never (default), when something failed, or always."
    group.addoption("--chaos-keep", choices=("never", "failed", "always"), default="never", help=keep)
    fake = "Break nothing and start nothing: check every move, and let every expect() answer by order."
    group.addoption("--chaos-fake", action="store_true", help=fake)
    ordered = "What expect() answers under --chaos-fake: passed (default), failed or inconclusive."
    group.addoption("--chaos-fake-answer", choices=("passed", "failed", "inconclusive"), default="passed", help=ordered)
    parser.addini("chaos_compose", "Compose files of the stack, relative to the root directory.", type="linelist")
    parser.addini("chaos_files", "Collect *.chaos.yaml as tests (default: true).", type="bool", default=True)


def pytest_configure(config: pytest.Config) -> None:
    """Markers, the name of this run, its seed."""
    JUNIT[:] = [config]
    config.addinivalue_line("markers", "chaos(compose=…): the Compose files of this test, relative to its own folder.")
    experiment = "experiment(file): run this experiment file first; the test fails unless it passes."
    config.addinivalue_line("markers", experiment)
    if not hasattr(config, "workerinput"):
        os.environ[RUN] = uuid.uuid4().hex[:12]
        asked = config.getoption("--chaos-seed")
        config.stash[SEED] = random.SystemRandom().randrange(10**6) if asked is None else asked
    else:
        config.stash[SEED] = config.workerinput["chaos_seed"]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Workers of pytest-xdist share the seed."""
    node.workerinput["chaos_seed"] = node.config.stash[SEED]


def pytest_report_header(config: pytest.Config) -> str:
    """The seed, so that a run can be repeated."""
    return f"regionfall: --chaos-seed={config.stash[SEED]}{_faked(config)}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Nobody may take ordered answers for measured ones."""
    if faked := _faked(config):
        terminalreporter.write_line(f"regionfall:{faked}", yellow=True, bold=True)


def _faked(config: pytest.Config) -> str:
    if not config.getoption("--chaos-fake"):
        return ""
    return f" FAKE, nothing is broken and every answer is {config.getoption('--chaos-fake-answer')!r} by order"


# -- collection


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """An experiment file is a test."""
    if not file_path.name.endswith(ENDINGS) or not parent.config.getini("chaos_files"):
        return None
    from harness.pytest_plugin.files import ExperimentFile

    return ExperimentFile.from_parent(parent, path=file_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under pytest-xdist with `--dist loadgroup` all that use the stack go to one worker."""
    for item in items:
        if uses_stack(item):
            item.add_marker(pytest.mark.xdist_group("chaos"))


def uses_stack(item: pytest.Item) -> bool:
    """Whether a test breaks something."""
    fixtures = getattr(item, "fixturenames", ())
    named = any(name in ("chaos", "chaos_cluster") for name in fixtures)
    return named or item.name.endswith(ENDINGS) or item.get_closest_marker("experiment") is not None


# -- fixtures


def pool_of(config: pytest.Config) -> Pool:
    """The stacks of this process."""
    from harness.pytest_plugin.pool import Pool

    if POOL not in config.stash:
        config.stash[POOL] = Pool(config, os.environ[RUN])
    return config.stash[POOL]


@pytest.fixture
def chaos_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The stack of this test, up; shared with all tests that have the same Compose files, one test at a time."""
    from harness.pytest_plugin.pool import compose_of, engine_or_skip, fake_cluster

    if request.config.getoption("--chaos-fake"):
        yield fake_cluster(request)
        return
    engine_or_skip(request.node)
    with pool_of(request.config).used(compose_of(request), request.node.nodeid) as cluster:
        yield cluster


@pytest.fixture
def chaos(request: pytest.FixtureRequest, chaos_cluster: Cluster) -> Iterator[Chaos]:
    """Load, steady, inject, hold, recover, expect. No fault survives the test: one that was forgotten fails it."""
    subject = chaos_cluster.chaos(request.node.nodeid, seed=request.config.stash[SEED])
    request.node.stash[CHAOS] = subject
    yield subject
    forgotten = subject.close()
    if forgotten and request.node.stash.get(CALLED, False):  # an interrupted test is not to blame
        pytest.fail("\n".join(forgotten), pytrace=False)


@pytest.fixture
def chaos_edge(chaos: Chaos) -> Callable[[str], Edge]:
    """`chaos_edge("orders->db")`: one call between two services; `.proxy` is the object of toxiproxy-python."""
    return chaos.edge


@pytest.fixture
def chaos_probe(chaos: Chaos) -> Callable[..., Question]:
    """`chaos_probe("pool", tcp="db:5432")`: asked in every load from then on; `.check()` asks it now."""
    return chaos.probe


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """`@pytest.mark.experiment("x.chaos.yaml")`: the file first, then the test's own lines."""
    for mark in pyfuncitem.iter_markers("experiment"):
        from harness.pytest_plugin.files import run_experiment

        for name in mark.args:
            run_experiment(pyfuncitem, pyfuncitem.path.parent / name)


# -- reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What did not decide, or could not be carried out, is an error and no failure; how to repeat what went wrong."""
    report = yield
    outcome.told(item, call, report)
    item.stash[CALLED] = call.when == "call"
    if report.failed:
        item.config.stash[FAILED] = True
        if uses_stack(item):
            line = f"pytest '{item.nodeid}' --chaos-seed={item.config.stash[SEED]}"
            report.sections.append(("reproduce", line))
    return report


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Three-valued answers in pytest's words."""
    return outcome.status(report)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> Generator[None, None, None]:
    """JUnit knows errors by their phase."""
    with outcome.as_junit_error(report):
        yield
    if getattr(report, outcome.ATTRIBUTE, "") and JUNIT:
        outcome.correct_message(JUNIT[-1], report)


@pytest.hookimpl(trylast=True)  # after pytest's own, which ends the fixtures of an interrupted test
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stacks that were started for these tests go, once nobody needs them any more."""
    if POOL in session.config.stash:
        session.config.stash[POOL].forget()
    if hasattr(session.config, "workerinput"):
        return
    keep = session.config.getoption("--chaos-keep")
    if keep == "always" or (keep == "failed" and session.testsfailed):
        return
    from harness.pytest_plugin.shared import names_of

    if names_of(os.environ.get(RUN, "")):
        from harness.pytest_plugin.pool import take_down

        take_down(os.environ[RUN])
