"""Sleep until a moment of the monotonic clock.

gevent's own timers are rounded to milliseconds by epoll, which starts every request half a millisecond late. A
timerfd watched by the same loop is exact to tens of microseconds and costs no spinning.
"""

from __future__ import annotations

import ctypes
import os

import gevent

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_READ = 1
_libc = ctypes.CDLL(None, use_errno=True)


class _Spec(ctypes.Structure):
    """struct itimerspec: interval, then first expiry."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns"))


class Alarm:
    """One sleeper; use it from one greenlet only."""

    def __init__(self) -> None:
        self._fd: int = _libc.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(self._fd, _READ)

    def sleep_until(self, mono_us: int) -> None:
        """Return at `mono_us` of CLOCK_MONOTONIC; a moment that has passed returns after one turn of the loop."""
        spec = _Spec(0, 0, mono_us // 1_000_000, max(1, mono_us % 1_000_000 * 1000))
        if _libc.timerfd_settime(self._fd, _ABSOLUTE, ctypes.byref(spec), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        self._hub.wait(self._watcher)
