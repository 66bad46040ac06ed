"""A process that the agent runs beside itself: it never outlives the agent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
"""The parent-death signal goes out when the *thread* that started a child ends; this one never does."""


class Child:
    """One process at a time, started anew as often as asked. Not locked: its owner serialises calls."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id, 0 before the first start."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether the process is alive (it may still be wedged)."""
        return self._process is not None and self._process.poll() is None

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts `words` with these variables laid over the agent's own; OSError if that cannot be done."""
        self._process = _spawner.submit(_spawned, words, environment).result()

    def end(self) -> None:
        """Kills the process and waits for its end."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def _spawned(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    dying = ["setpriv", "--pdeathsig", "KILL", "--", *words]
    return subprocess.Popen(dying, env=os.environ | environment, stdin=subprocess.DEVNULL)
