"""What every test may use, and who runs beside whom under pytest-xdist.

`make test` runs files side by side: most of their time is waiting. Three rules keep that honest on two processors: what
measures runs in one lane, one file after the other, and with the processor's priority; what does not measure yields to
it; long files are handed out first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

MEASURING = (
    "e2e/test_truth_slice.py",
    "contract/test_load_program.py",
    "e2e/test_other_guests.py",
    "integration/test_load_in_a_container.py",
    "integration/test_border_frozen_callee.py",
)
"""Files whose assertions are about time as it passes on this machine: one lane."""
LONG = (
    "e2e/test_shop_runs.py",
    "e2e/test_by_hand.py",
    "crash/test_crash_slice.py",
    # Every lane is given two files at the start: the second ones are these.
    "unit/test_faults.py",
    "unit/test_hand.py",
    "unit/test_ladder.py",
    "e2e/test_datagrams.py",
    "e2e/test_container_faults.py",
    "integration/test_wheel.py",
    "integration/test_weave_up.py",
    "integration/test_stack_raw.py",
    "e2e/test_undo_ladder.py",
    "integration/test_border_watch.py",
    "e2e/test_probes_and_secrets.py",
    "e2e/test_cli_without_engine.py",
    "e2e/test_faults_page.py",
    "e2e/test_requests_run.py",
)
"""Files that take minutes, the longest first: a lane that got one of them last would work alone at the end."""
FIRST = {name: place for place, name in enumerate(MEASURING + LONG)}
YIELDING = 10
"""Niceness of whatever does not measure."""


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository that these tests stand in."""
    return Path(__file__).resolve().parents[1]


def file_of(nodeid: str) -> str:
    """Folder and name of the file that a test stands in."""
    return "/".join(nodeid.partition("::")[0].split("/")[-2:])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, in the order of the list; everything else stays as it was."""
    items.sort(key=lambda item: FIRST.get(file_of(item.nodeid), len(FIRST)))


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
    """Under xdist everything yields the processor to what measures."""
    if hasattr(item.config, "workerinput"):
        with suppress(PermissionError):  # without root a lane that yielded once goes on yielding
            os.setpriority(os.PRIO_PROCESS, 0, 0 if file_of(item.nodeid) in MEASURING else YIELDING)
    return (yield)
