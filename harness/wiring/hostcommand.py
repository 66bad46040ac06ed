"""A command on this machine, for a step that the command line allowed: no shell, own process group, a deadline."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress

from harness.model.step import Step, StepOutcome, StepState
from harness.model.units import duration_text
from harness.wiring.output import Tail

_LOOK_S = 0.05
_GRACE_S = 1.0


def run_here(step: Step, environ: Mapping[str, str], cut_off: threading.Event) -> StepOutcome:
    """Run it; with its deadline, or with `cut_off`, it is ended together with everything that it started."""
    try:
        process = subprocess.Popen(
            list(step.run),
            cwd=step.directory or None,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        return StepOutcome(StepState.FAILED, f"{step.run[0]} cannot be started: {error.strerror or error}")
    tail = Tail()
    reader = threading.Thread(target=_read, args=(process, tail), daemon=True)
    reader.start()
    timed_out = not _waited(process, step.deadline_s, cut_off)
    if timed_out:
        _end(process)
    reader.join(timeout=_GRACE_S)  # something that it left behind may hold the pipe open for ever
    if not timed_out:
        code = process.returncode
        state = StepState.WORKED if code == 0 else StepState.FAILED
        return StepOutcome(state, f"exit code {code}", code, lines=tail.lines())
    if cut_off.is_set():
        return StepOutcome(StepState.CUT_OFF, "the run ended first; it was ended", lines=tail.lines())
    detail = f"not done after {duration_text(step.deadline_s)}; it was ended"
    return StepOutcome(StepState.TIMED_OUT, detail, lines=tail.lines())


def _read(process: subprocess.Popen[bytes], tail: Tail) -> None:
    assert process.stdout is not None
    with suppress(OSError, ValueError):
        while data := os.read(process.stdout.fileno(), 65536):
            tail.feed(data)


def _waited(process: subprocess.Popen[bytes], within_s: float, cut_off: threading.Event) -> bool:
    """Whether it ended by itself in time."""
    waited = 0.0
    while waited < within_s and not cut_off.is_set():
        try:
            process.wait(timeout=_LOOK_S)
            return True
        except subprocess.TimeoutExpired:
            waited += _LOOK_S
    return process.poll() is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GRACE_S)
