"""Entry point: global options, one exit code for every outcome, no traceback that nobody asked for."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import click

from harness.cli.app import app
from harness.cli.context import Context, current, enter
from harness.cli.options import split_globals
from harness.model.errors import HarnessError


def leave(argv: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its code (surface: exit codes)."""
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; answers its exit code."""
    try:
        found, rest = split_globals(argv)
        enter(Context(found))
        return _command(rest)
    except HarnessError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _complain("stopped; nothing was left running by this command. `regionfall status` tells what holds")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        return _crashed(error)


def _command(rest: list[str]) -> int:
    import typer

    command = typer.main.get_command(app)
    try:
        code = command.main(args=rest, prog_name="regionfall", standalone_mode=False)
    except SystemExit as stop:
        return int(stop.code or 0)
    except Exception as error:
        # Typer carries its own copy of Click, so its usage errors are told apart by what they can do.
        if hasattr(error, "exit_code") and hasattr(error, "show"):
            error.show()
            return 2 if isinstance(error, click.UsageError) or error.exit_code == 2 else int(error.exit_code)
        if type(error).__name__ == "Abort":
            return 130
        raise
    return code if isinstance(code, int) else 0


def _complain(text: str) -> None:
    with suppress(OSError):  # nobody reads it any more
        for line in text.splitlines() or [""]:
            sys.stderr.write(line + "\n")


def _crashed(error: Exception) -> int:
    home = current().workspace.home
    path = home / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    try:
        path.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        _complain(traceback.format_exc())
    _complain(f"internal error, please report: {path} ({type(error).__name__}: {error})")
    return 70
