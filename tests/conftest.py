"""What every test may use, and who runs beside whom under pytest-xdist."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The repository that these tests stand in."""
    return Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test marked `quiet` runs while no other test does: it measures, and a busy machine would be what it sees."""
    worker = getattr(item.config, "workerinput", None)
    if worker is None:  # one process: nothing runs beside it
        return (yield)
    with _turn(
        Path(tempfile.gettempdir()) / f"tests-{worker['testrunuid']}", item.get_closest_marker("quiet") is not None
    ):
        return (yield)


@contextmanager
def _turn(path: Path, alone: bool) -> Iterator[None]:
    """Shared or alone. Whoever waits to be alone holds the door, so that nobody slips in before him for ever."""
    with _opened(path.with_suffix(".room")) as room:
        with _opened(path.with_suffix(".door")) as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # lets go of the lock
