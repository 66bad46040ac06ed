"""What every command works with: global options, workspace, console, and how answers leave the process."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from harness.cli.options import Globals

if TYPE_CHECKING:
    from harness.model.progress import Listener
    from harness.wiring.workspace import Workspace


@dataclass
class Context:
    """One invocation. Data goes to stdout, everything else to stderr."""

    globals: Globals
    directory: Path = field(default_factory=Path.cwd)

    def __post_init__(self) -> None:
        width = 120 if os.environ.get("CI") and not sys.stderr.isatty() else None
        self.console = Console(stderr=True, no_color=self.globals.no_color, width=width, highlight=False)
        self.out = Console(no_color=self.globals.no_color, width=width, highlight=False)

    @property
    def workspace(self) -> Workspace:
        """The working directory as the options see it."""
        from harness.wiring.workspace import Workspace

        run_dir = Path(self.globals.run_dir).absolute() if self.globals.run_dir else None
        return Workspace(self.directory, self.globals.files, self.globals.project_name, run_dir)

    def answer(self, data: Any, show: Callable[[], None]) -> None:
        """With --json exactly one line of JSON on stdout, else whatever `show` prints."""
        if self.globals.json:
            sys.stdout.write(json.dumps(data, default=str, allow_nan=False) + "\n")
            sys.stdout.flush()
        else:
            show()

    def say(self, text: str) -> None:
        """A line for people, on stderr; silent with -q."""
        if not self.globals.quiet:
            self.console.print(text, markup=False, soft_wrap=True)

    def listener(self) -> Listener:
        """The face of a running experiment: a live display on a terminal, calm lines elsewhere, nothing with -q."""
        from harness.report.plain import PlainLines
        from harness.report.terminal import LiveTerminal

        if self.globals.quiet:
            return lambda event: None
        if self.console.is_terminal and not self.globals.json and not os.environ.get("CI"):
            return LiveTerminal(self.console)
        return PlainLines(sys.stderr)


_current: Context | None = None


def current() -> Context:
    """The context of this process."""
    global _current
    if _current is None:
        _current = Context(Globals())
    return _current


def enter(context: Context) -> None:
    """Make `context` the one of this process."""
    global _current
    _current = context
