"""What the processes of one pytest run know together: who has the stack, which were started, what they were like."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOOK_S = 0.1


def _file(name: str) -> Path:
    folder = Path(tempfile.gettempdir()) / f"regionfall-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / name


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """One stack on this machine at a time: waits for whoever has it, and lets go however its process ends."""
    with _file("stack.lock").open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOOK_S)
        yield


def read(run: str) -> dict[str, Any]:
    """What was noted in this pytest run: stack name -> {home, used_by, bands}."""
    try:
        found = json.loads(_file(f"{run}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(run: str, stacks: dict[str, Any]) -> None:
    """Note it, whole."""
    fresh = _file(f"{run}.json.{os.getpid()}")
    fresh.write_text(json.dumps(stacks), encoding="utf-8")
    fresh.replace(_file(f"{run}.json"))


def names_of(run: str) -> tuple[str, ...]:
    """Stacks that this pytest run started and that may be up."""
    return tuple(read(run))


def forget(run: str) -> None:
    """Nothing is left of this run."""
    _file(f"{run}.json").unlink(missing_ok=True)
