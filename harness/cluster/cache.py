"""The project's cache folder: tools and downloads that every checkout of one user shares."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/regionfall`, else `~/.cache/regionfall`. Looking it up makes nothing; `locked` makes it."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(root) / "regionfall"


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock `name` of the cache folder; waits for whoever holds it. The kernel frees it when a holder dies."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
