"""One input at a time under watch: how long it takes, what it raises, and what it does to the outside world.

Side effects are seen by the interpreter's own audit events: files opened for writing, folders made, processes started,
connections opened. Nothing has to be found afterwards.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST_S = 5.0
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PLACES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod"}
_NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.bind"}


class Hang(BaseException):
    """Not an Exception, so that no handler of the code under test takes it for one of its own."""


@dataclass
class Watch:
    """What happened. `failures`: (surface, what, input)."""

    home: Path
    inputs: int = 0
    slowest_s: float = 0.0
    failures: list[tuple[str, str, Any]] = field(default_factory=list)
    hangs: int = 0
    effects: list[str] = field(default_factory=list)
    looking: bool = False

    def check(self, surface: str, function: Callable[[Any], None], value: Any, *, again: bool = False) -> None:
        """Run `function` on one input; whatever goes wrong is kept, nothing is raised."""
        self.inputs += 1
        before = len(self.effects)
        begun = time.monotonic()
        try:
            with _inside(self.home):
                self._look(function, value)
        except Hang:
            if again:
                self.hangs += 1
                self.failures.append((surface, f"hang: longer than {LONGEST_S:g} s, twice", value))
            else:  # a machine that stood still is not a hang: the same input hangs again, or it does not hang
                self.inputs -= 1
                self.check(surface, function, value, again=True)
                return
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"
            self.failures.append((surface, what, value))
        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
        if len(self.effects) > before:
            self.failures.append((surface, f"side effect: {self.effects[before]}", value))

    def _look(self, function: Callable[[Any], None], value: Any) -> None:
        self.looking = True
        try:
            function(value)
        finally:
            self.looking = False

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """The interpreter's audit events."""
        if not self.looking:
            return
        if event in _NEVER:
            self.effects.append(f"{event} {args[:2]!r}"[:200])
        elif (event == "open" and isinstance(args[2], int) and args[2] & _WRITING) or event in _PLACES:
            self._place(event, args[0])

    def _place(self, event: str, place: Any) -> None:
        if isinstance(place, int) or place is None:
            return
        path = Path(os.fsdecode(place)).absolute()
        if path != Path(os.devnull) and not path.is_relative_to(self.home):
            self.effects.append(f"{event} {path}")


@contextmanager
def watching() -> Iterator[Watch]:
    """A watch with an empty folder of its own: where inputs are tried, and the only place that may be written to."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        watch = Watch(Path(folder).resolve())
        sys.addaudithook(watch.hook)
        yield watch


@contextmanager
def _inside(home: Path) -> Iterator[None]:
    """Working directory and temporary files in `home`, and an alarm that ends what takes too long."""
    before, bytecode, temporary = Path.cwd(), sys.dont_write_bytecode, tempfile.tempdir
    handler = signal.signal(signal.SIGALRM, _late)
    os.chdir(home)
    tempfile.tempdir, sys.dont_write_bytecode = str(home), True
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        tempfile.tempdir, sys.dont_write_bytecode = temporary, bytecode
        os.chdir(before)
        signal.signal(signal.SIGALRM, handler)


def _late(_number: int, _frame: Any) -> None:
    raise Hang
