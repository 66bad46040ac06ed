"""The controller's side of the wire: lines out, frames in, on one reading thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, Queue
from typing import Any

import msgpack  # type: ignore[import-untyped, unused-ignore]

from harness.containers.load.wire import Frames
from harness.model.errors import LoadError
from harness.workload.streams import STDERR, ByteStream

_TAIL = 3000
_ANSWERS = ("ready", "pong", "failed")
_DIED = "died"
_TICK_S = 0.5

Frame = dict[str, Any]


def mono_us() -> int:
    """This process's CLOCK_MONOTONIC in µs."""
    return time.monotonic_ns() // 1000


class Conversation:
    """Frames that answer something are waited for with `expect`; all others go to `on_frame` as they come.

    `on_tick` is called at least twice a second with the seconds since the last frame; `on_death` once, with the
    reason, when the program ended or its output cannot be read. All three come from the reading thread.
    """

    def __init__(
        self,
        stream: ByteStream,
        on_frame: Callable[[Frame], None],
        on_tick: Callable[[float], None],
        on_death: Callable[[str], None],
    ) -> None:
        self._stream = stream
        self._on_frame, self._on_tick, self._on_death = on_frame, on_tick, on_death
        self._answers: Queue[Frame] = Queue()
        self._stderr = ""
        self._thread = threading.Thread(target=self._read, name="load reader", daemon=True)
        self._thread.start()

    def send(self, line: bytes) -> None:
        """LoadError when the program is gone."""
        try:
            self._stream.send(line)
        except OSError as error:
            raise LoadError(f"the load program does not listen any more ({error}){self._said()}") from error

    def expect(self, kind: str, timeout_s: float) -> Frame:
        """The next answer, which must be of this kind; LoadError if it is not, or after `timeout_s`."""
        try:
            frame = self._answers.get(timeout=timeout_s)
        except Empty:
            raise LoadError(f"the load program gave no {kind!r} within {timeout_s:g} s{self._said()}") from None
        if frame["t"] == kind:
            return frame
        raise LoadError(str(frame.get("error", f"the load program said {frame['t']!r} instead of {kind!r}")))

    def close(self) -> None:
        """End the program's standard input, which ends the program, and the reading. Safe to repeat."""
        self._stream.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)

    def _read(self) -> None:
        try:
            self._read_to_end()
            code = self._stream.exit_code()
            self._die(f"the load program ended{'' if code is None else f' with code {code}'}{self._said()}")
        except Exception as error:
            self._die(f"the load program's output cannot be used: {type(error).__name__}: {error}{self._said()}")
        finally:
            self._stream.close()

    def _read_to_end(self) -> None:
        frames = Frames()
        last_s = time.monotonic()
        while (packets := self._stream.receive(_TICK_S)) is not None:
            received_us = mono_us()
            for which, data in packets:
                if which == STDERR:
                    self._stderr = (self._stderr + data.decode(errors="replace"))[-_TAIL:]
                    continue
                for payload in frames.feed(data):
                    last_s = time.monotonic()
                    self._sort(msgpack.unpackb(payload), received_us)
            self._on_tick(time.monotonic() - last_s)

    def _sort(self, frame: Frame, received_us: int) -> None:
        if frame["t"] in _ANSWERS:
            self._answers.put(frame | {"received_us": received_us})
        else:
            self._on_frame(frame)

    def _die(self, why: str) -> None:
        self._answers.put({"t": _DIED, "error": why})
        self._on_death(why)

    def _said(self) -> str:
        return f"; it said:\n{self._stderr.strip()}" if self._stderr.strip() else ""
