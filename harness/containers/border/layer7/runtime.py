"""HAProxy's runtime socket: one command, one answer, one deadline."""

from __future__ import annotations

import socket
import time
from pathlib import Path

CALL_TIMEOUT_S = 2.0
"""Deadline of one call; whoever misses it is wedged and gets replaced (`process.py`)."""

_LONGEST = 4_000_000


class GateError(Exception):
    """HAProxy did not answer in time, or answered with something else than was asked for."""


def ask(path: Path, command: str, timeout_s: float = CALL_TIMEOUT_S) -> str:
    """The answer to `command`, which holds no line break. GateError past the deadline, or when nobody listens."""
    deadline = time.monotonic() + timeout_s
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout_s)
            line.connect(str(path))
            line.sendall(command.encode() + b"\n")
            while more := line.recv(65536):
                answer += more
                if time.monotonic() > deadline or len(answer) > _LONGEST:
                    raise GateError(f"`{command[:60]}` was still being answered after {timeout_s:g} s")
    except OSError as error:
        raise GateError(f"`{command[:60]}`: {type(error).__name__}: {error}") from error
    return answer.decode(errors="replace").strip()
