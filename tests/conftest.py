"""What every test may use, and who runs beside whom under pytest-xdist.

`make test` runs three files side by side: most of their time is waiting. Three rules keep that honest on two
processors. What measures runs in one lane, one file after the other; until the slice of the replay and the reference
gate are through, which need most of both processors, the other lanes wait (unit tests beside it cost more in repeated
outages than they saved); long files are handed out first.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
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
HEAVY = MEASURING[:2]
"""Those that have the machine to themselves: a whole replay, and a gate whose limits are times."""
LONG = (
    "e2e/test_pytest_plugin.py",
    "e2e/test_shop_runs.py",
    "e2e/test_by_hand.py",
    "crash/test_crash_slice.py",
    "e2e/test_datagrams.py",
    "e2e/test_container_faults.py",
    "e2e/test_copies.py",
    "integration/test_wheel.py",
    "integration/test_weave_up.py",
    "e2e/test_undo_ladder.py",
    "integration/test_border_watch.py",
    "e2e/test_probes_and_secrets.py",
    "e2e/test_cli_without_engine.py",
    "e2e/test_faults_page.py",
    "e2e/test_requests_run.py",
    "e2e/test_pytest_plugin_without_engine.py",
)
"""Files that take minutes, the longest first: a lane that got one of them last would work alone at the end."""
FIRST = {name: place for place, name in enumerate((*MEASURING, "unit", *LONG))}
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What measures, unit tests, long files in the order of the list; everything else stays as it was."""
    items.sort(key=lambda item: FIRST.get("unit" if is_unit(item.nodeid) else file_of(item.nodeid), len(FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """File by file, all files that measure as one."""
    from xdist.scheduler import LoadFileScheduling

    class OneLaneMeasures(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = file_of(nodeid)
            return "what measures" if file in MEASURING else file

    return OneLaneMeasures(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Under xdist the lane of what is heavy holds a lock until it is through; till then nobody else begins a test."""
    worker = getattr(item.config, "workerinput", None)
    if worker is None:
        return (yield)
    heavy, file = f"{worker['testrunuid']}.heavy", file_of(item.nodeid)
    held = item.config.stash.get(HEAVY_LOCK, None)
    if file in HEAVY:
        item.config.stash[HEAVY_LOCK] = held or _lock(heavy, fcntl.LOCK_EX)
        return (yield)
    if held is not None:
        os.close(held)
        item.config.stash[HEAVY_LOCK] = None
    os.close(_lock(heavy, fcntl.LOCK_SH))
    return (yield)


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
