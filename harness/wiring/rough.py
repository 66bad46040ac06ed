"""A disk that takes nothing more, a display that is gone: neither may keep a run from healing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.journal.events import Journal
from harness.model.errors import ClusterError, HarnessError
from harness.model.progress import Event, Listener


def disk_error(place: Path, error: OSError) -> ClusterError:
    """The file system said no: what it said, about what, and what to do next."""
    about = error.filename or place
    return ClusterError(
        f"{about}: {error.strerror or error}\n"
        "  next: make room there, or give another folder with --run-dir; `regionfall report RUN --judge` judges a run"
        " whose reports could not be written"
    )


@contextmanager
def on_disk(place: Path, earlier: HarnessError | None = None) -> Iterator[None]:
    """Within this scope OSError becomes a ClusterError about `place`; an `earlier` error is what is raised instead."""
    try:
        yield
    except OSError as error:
        raise earlier or disk_error(place, error) from error


def unbreakable(listener: Listener, journal: Journal) -> Listener:
    """`listener` as one that never raises; its first failure is written down, then it is not asked again."""
    failed = False

    def tell(event: Event) -> None:
        nonlocal failed
        if failed:
            return
        try:
            listener(event)
        except Exception as error:  # whatever a display does, faults must be lifted
            failed = True
            journal.write("listener_failed", reason=repr(error))

    return tell
