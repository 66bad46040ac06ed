"""One run at a time on one project: a file lock that the kernel frees when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.model.errors import ClusterError

_TRIES = 4
_PAUSE_S = 0.05


@contextmanager
def project_lock(home: Path, name: str, run: str = "") -> Iterator[None]:
    """Hold project `name` of the folder `home` for as long as the scope lasts; never waits.

    Raises ClusterError with the process and run that hold it.
    """
    path = lock_path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        if not _taken(handle.fileno()):
            raise ClusterError(_refusal(path, name))
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps({"pid": os.getpid(), "run": run}))
        handle.flush()
        try:
            yield
        finally:
            handle.seek(0)
            handle.truncate()


def _taken(descriptor: int) -> bool:
    """Try a few times: `holder` in another process takes the lock for a moment to see whether it is free."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)
        else:
            return True
    return False


def lock_path(home: Path, name: str) -> Path:
    """Where the lock of project `name` lies: readable, and different for names that differ only in odd characters."""
    readable = re.sub(r"[^A-Za-z0-9_.-]", "-", name)
    suffix = "" if readable == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return home / "locks" / f"{readable}{suffix}.lock"


def holder(path: Path) -> str | None:
    """The run that holds this lock file now ('' if it told no name); None when nobody does."""
    try:
        with path.open("r", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return str(written(path).get("run", ""))
    except OSError:
        return None
    return None


def _refusal(path: Path, name: str) -> str:
    told = written(path)
    who = f"process {told['pid']}" if told.get("pid") else "another process"
    run = f", run {told['run']}" if told.get("run") else ""
    return (
        f"project {name!r} is in use by {who}{run} ({path})\n"
        "  next: wait until it ends, or stop that process; `regionfall status` shows what is running"
    )


def written(path: Path) -> dict[str, object]:
    """What the process that holds (or held) this lock wrote down: `{pid, run}`; empty when it did not."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
