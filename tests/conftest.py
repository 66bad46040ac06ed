"""What every test may use, and who runs beside whom under pytest-xdist.

`make test` runs a few files side by side (`-n 3 --dist loadfile`): most of their time is waiting. Three rules keep that
honest on two processors: long files are handed out first, one test that measures runs at a time, and what does not
measure yields the processor to it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

LONG = (
    "e2e/test_truth_slice.py",
    "e2e/test_by_hand.py",
    "e2e/test_shop_runs.py",
    "crash/test_crash_slice.py",
    "e2e/test_datagrams.py",
    "e2e/test_container_faults.py",
    "contract/test_load_program.py",
    "integration/test_wheel.py",
    "integration/test_weave_up.py",
    "e2e/test_undo_ladder.py",
    "integration/test_stack_raw.py",
    "e2e/test_faults_page.py",
    "e2e/test_other_guests.py",
    "integration/test_border_watch.py",
    "integration/test_load_in_a_container.py",
    "e2e/test_probes_and_secrets.py",
    "e2e/test_cli_without_engine.py",
)
"""Files that take minutes, the longest first: a worker that got one of them last would work alone at the end."""
YIELDING = 10
"""Niceness of whatever does not measure."""


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository that these tests stand in."""
    return Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, in the order of the list; everything else stays as it was."""
    places = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get("/".join(item.path.parts[-2:]), len(LONG)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test marked `quiet` measures: no other such test runs beside it, and everything else yields to it."""
    worker = getattr(item.config, "workerinput", None)
    if worker is None:  # one process: nothing runs beside it
        return (yield)
    if item.get_closest_marker("quiet") is None:
        _nice(YIELDING)
        return (yield)
    _nice(0)
    with _alone(Path(tempfile.gettempdir()) / f"tests-{worker['testrunuid']}.quiet"):
        return (yield)


def _nice(value: int) -> None:
    """Takes effect for this worker and what it starts; without root a worker that yielded once goes on yielding."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, value)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # lets go of the lock
