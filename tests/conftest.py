"""What every test may use, and who runs beside whom under pytest-xdist.

`make test` runs four files side by side: most of their time is waiting. Five rules keep that honest on two processors.
What measures runs in one lane, one file after the other. The slice of the replay needs most of both processors: until
it is through, the other lanes run only what needs no container, and that only with processor time that nobody else
wants (Linux's idle policy: whoever wakes up takes the processor at once; the lowest nice value cost more in repeated
outages than it saved). Then come the long files, the longest first. All that is short and makes no load has a lane of
its own, so that never more than three stacks are under load.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

MEASURING = (
    "e2e/test_truth_slice.py",
    "e2e/test_example_project.py",
    "contract/test_load_program.py",
    "e2e/test_other_guests.py",
    "integration/test_load_in_a_container.py",
    "integration/test_border_frozen_callee.py",
)
"""Files whose assertions are about time as it passes on this machine: one lane."""
HEAVY = MEASURING[:1]
"""What has the machine to itself."""
QUIET = (
    "fuzz/test_fuzz_slice.py",
    "e2e/test_report_page.py",
    "integration/test_wheel.py",
    "e2e/test_cli_without_engine.py",
    "e2e/test_gate_without_engine.py",
    "e2e/test_pytest_plugin_without_engine.py",
    "integration/test_oldest_pytest.py",
    "integration/test_weave_read.py",
)
"""Files that need no container, only a processor; unit tests are such as well."""
LONG = (
    "e2e/test_pytest_plugin.py",
    "e2e/test_shop_runs.py",
    "e2e/test_by_hand.py",
    "integration/test_weave_up.py",
    "e2e/test_faults_page.py",
    "e2e/test_container_faults.py",
    "e2e/test_datagrams.py",
    "crash/test_crash_slice.py",
    "e2e/test_probes_and_secrets.py",
    "e2e/test_undo_ladder.py",
)
"""Files that bring up stacks and put them under load, the longest first: a lane that got one of them last would work
alone at the end."""
FIRST = {name: place for place, name in enumerate((*MEASURING, "the rest", *QUIET, "unit", *LONG))}
IDLE = pytest.StashKey[bool]()
"""Whether this lane takes only what nobody else wants."""
HEAVY_LOCK = pytest.StashKey[int | None]()
"""The lock of the lane that runs what is heavy."""


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository that these tests stand in."""
    return Path(__file__).resolve().parents[1]


def file_of(nodeid: str) -> str:
    """Folder and name of the file that a test stands in."""
    return "/".join(nodeid.partition("::")[0].split("/")[-2:])


def is_unit(nodeid: str) -> bool:
    """It needs no engine, only a processor."""
    return "unit" in nodeid.partition("::")[0].split("/")


def kind_of(nodeid: str) -> str:
    """A key of FIRST."""
    file = file_of(nodeid)
    return "unit" if is_unit(nodeid) else file if file in FIRST else "the rest"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of the lists."""
    items.sort(key=lambda item: FIRST[kind_of(item.nodeid)])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """File by file; all files that measure as one, and all the rest as one."""
    from xdist.scheduler import LoadFileScheduling

    class Lanes(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            kind = kind_of(nodeid)
            return "what measures" if kind in MEASURING else file_of(nodeid) if kind == "unit" else kind

        def _reschedule(self, node: Any) -> None:
            # One file ahead is enough: a lane that holds three of a single long test each keeps them from idle ones.
            if not self.workqueue or self._pending_of(self.assigned_work[node]) <= 1:
                super()._reschedule(node)

    return Lanes(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Under xdist the lane of what is heavy holds a lock until it is through; till then the others do what is quiet."""
    worker = getattr(item.config, "workerinput", None)
    if worker is None:
        return (yield)
    heavy, file = f"{worker['testrunuid']}.heavy", file_of(item.nodeid)
    quiet = is_unit(item.nodeid) or file in QUIET
    _at_idle_priority(item.config.stash, quiet and _is_held(heavy))
    held = item.config.stash.get(HEAVY_LOCK, None)
    if file in HEAVY:
        item.config.stash[HEAVY_LOCK] = held or _lock(heavy, fcntl.LOCK_EX)
        return (yield)
    if held is not None:
        os.close(held)
        item.config.stash[HEAVY_LOCK] = None
    if not quiet:
        os.close(_lock(heavy, fcntl.LOCK_SH))
    return (yield)


@pytest.fixture(scope="session")
def others_waiting(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[None]]:
    """A scope in which no other lane begins anything that is not quiet; what is under way there ends by itself."""
    worker = getattr(request.config, "workerinput", None)

    @contextmanager
    def scope() -> Iterator[None]:
        held = _lock(f"{worker['testrunuid']}.heavy", fcntl.LOCK_EX) if worker else None
        try:
            yield
        finally:
            if held is not None:
                os.close(held)

    return scope


def _at_idle_priority(stash: pytest.Stash, wanted: bool) -> None:
    """Give way to everybody, with all processes that are started from now on, or do so no longer."""
    if os.geteuid() == 0 and stash.get(IDLE, False) != wanted:  # nobody else gets back out of it
        os.sched_setscheduler(0, os.SCHED_IDLE if wanted else os.SCHED_OTHER, os.sched_param(0))
        stash[IDLE] = wanted


def _is_held(name: str) -> bool:
    """Whether another lane is at something heavy."""
    try:
        os.close(_lock(name, fcntl.LOCK_SH | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _lock(name: str, kind: int) -> int:
    """A lock of this test run, held until the descriptor is closed; a lane that dies lets go of it as well."""
    path = Path(tempfile.gettempdir()) / f"tests-{name}"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
