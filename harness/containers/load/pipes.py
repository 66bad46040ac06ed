"""Standard input and output on real threads: a reader that stalls must never block the loop that times requests."""

from __future__ import annotations

import os
from _queue import SimpleQueue  # the C one: gevent replaces queue.SimpleQueue by its own
from collections.abc import Callable

import gevent
from gevent import monkey

from harness.containers.load.wire import frame

_start_thread = monkey.get_original("_thread", "start_new_thread")
_BOUND = 64 * 1024 * 1024
CONTROLLER_GONE = 3


class Pipes:
    """Lines in, frames out. The program dies when its input ends: nobody is there to read it."""

    def __init__(self, on_line: Callable[[bytes], None]) -> None:
        """`on_line` is called on the reading thread: it must not touch gevent."""
        self._on_line = on_line
        self._in, self._out = os.dup(0), os.dup(1)
        os.dup2(2, 1)  # whatever is printed from here on goes to standard error, never between frames
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._put = self._written = 0
        self._drained = False
        self.lost = 0
        """Frames thrown away because the reader stalled for so long that the buffer was full."""
        _start_thread(self._read, ())
        _start_thread(self._write, ())

    def send(self, payload: bytes) -> None:
        """Queue a frame; never blocks."""
        if self._put - self._written > _BOUND:
            self.lost += 1
            return
        self._put += len(payload)
        self._queue.put(payload)

    def finish(self, patience_s: float = 10.0) -> None:
        """Return when everything queued has been written, or after `patience_s`."""
        self._queue.put(None)
        with gevent.Timeout(patience_s, False):
            while not self._drained:
                gevent.sleep(0.005)

    def _read(self) -> None:
        rest = b""
        while data := os.read(self._in, 65536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._on_line(line)
        os._exit(CONTROLLER_GONE)

    def _write(self) -> None:
        try:
            while (payload := self._queue.get()) is not None:
                data = memoryview(frame(payload))
                while data:
                    data = data[os.write(self._out, data) :]
                self._written += len(payload)
        except OSError:
            os._exit(CONTROLLER_GONE)
        self._drained = True
