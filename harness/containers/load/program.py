"""The load program from its order to its last frame."""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import sys
from collections import deque
from typing import Any

import gevent
import msgpack  # type: ignore[import-untyped, unused-ignore]
from gevent.event import Event

from harness.containers.load.alarm import Alarm
from harness.containers.load.desk import Desk, mono_us
from harness.containers.load.pipes import Pipes
from harness.containers.load.preflight import unanswered
from harness.containers.load.schedule import schedule
from harness.containers.load.slots import seat
from harness.containers.load.tally import Tally
from harness.containers.load.wire import FLUSH_S, Order

_CANNOT_RUN = 4
_OTHER_FILES = 100
_CATCH_UP_S = 30.0
_IN_A_ROW = 32
"""Arrivals handed out without letting slots run, when the scheduler itself is behind."""


class Program:
    """One run. Everything here is on gevent's loop, but `_hear`, which is on the reading thread."""

    def __init__(self) -> None:
        self._heard: deque[dict[str, Any]] = deque()
        self._news = Event()
        self._doorbell = gevent.get_hub().loop.async_()
        self._doorbell.start(self._news.set)
        self._pipes = Pipes(self._hear)

    def main(self) -> int:
        """Exit code: 0 after a whole or a stopped run, 4 when it could not start."""
        try:
            order = Order.from_wire(self._next())
            problems = _files_short(order.slots) or unanswered(order.targets)
            if not problems:
                self._run(order)
        except Exception as error:
            logging.exception("the load program cannot run")
            problems = [f"{type(error).__name__}: {error}"]
        if problems:
            self._send("failed", error="; ".join(problems))
        self._pipes.finish()
        return _CANNOT_RUN if problems else 0

    def _run(self, order: Order) -> None:
        tally = Tally()
        desk = Desk(order, tally)
        seat(order, desk)
        gc.collect()
        gc.freeze()
        self._send("ready")
        desk.zero_us = int(self._next()["start_us"])
        gevent.spawn(self._ship_for_ever, desk)
        scheduler = gevent.spawn(_hand_out, order, desk)
        if not self._stopped(order.duration_s, desk):
            scheduler.join(_CATCH_UP_S)  # when it is behind, what was due before the end is still to be handed out
        scheduler.kill()
        _drain(desk)
        self._ship(desk)
        self._send("end", lost=self._pipes.lost, **tally.account())

    def _stopped(self, duration_s: float, desk: Desk) -> bool:
        """True as soon as a line says stop, False at the end of the duration."""
        while (left_s := duration_s - desk.now_us() / 1e6) > 0:
            if self._heard and "stop" in self._heard.popleft():
                return True
            self._news.clear()
            if not self._heard:
                self._news.wait(left_s)
        return False

    def _ship_for_ever(self, desk: Desk) -> None:
        while True:
            gevent.sleep(FLUSH_S)
            desk.expire()
            self._ship(desk)

    def _ship(self, desk: Desk) -> None:
        self._send("rows", rows=desk.tally.take(), offered=desk.tally.offered)

    def _send(self, kind: str, **fields: object) -> None:
        self._pipes.send(msgpack.packb({"t": kind, "mono_us": mono_us(), **fields}))

    def _hear(self, line: bytes) -> None:
        """On the reading thread: a ping is answered from here, so that the handshake never waits for the loop."""
        message = json.loads(line)
        if "ping" in message:
            self._send("pong", n=message["ping"])
            return
        self._heard.append(message)
        self._doorbell.send()

    def _next(self) -> dict[str, Any]:
        """The next line that is not a ping."""
        while not self._heard:
            self._news.clear()
            self._news.wait()
        return self._heard.popleft()


def _files_short(slots: int) -> list[str]:
    """Raise this process's limit of open files to what its slots need; a message if the container forbids it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = slots + _OTHER_FILES
    if hard != resource.RLIM_INFINITY and needed > hard:
        return [
            f"{slots} slots need {needed} open files, the load container allows {hard}; lower load.slots or the rate"
        ]
    if soft != resource.RLIM_INFINITY and needed > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return []


def _hand_out(order: Order, desk: Desk) -> None:
    """Every arrival at its due time, or as soon after it as this process gets the processor."""
    alarm = Alarm()
    for count, (due_us, flow) in enumerate(schedule(order)):
        if due_us > desk.now_us():
            alarm.sleep_until(desk.zero_us + due_us)
        elif count % _IN_A_ROW == 0:
            gevent.sleep(0)
        desk.hand(due_us, flow)


def _drain(desk: Desk) -> None:
    """Wait for all that is under way: every deadline, and a second more. What is missing then stays missing."""
    longest_us = max(target.deadline_us for target in desk.targets)
    end_us = desk.now_us() + longest_us + 1_000_000
    while desk.tally.done < desk.tally.offered and desk.now_us() < end_us:
        gevent.sleep(0.02)


def main() -> None:
    """Run, then leave without waiting for anything: the reading thread sits in a blocking read."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    code = Program().main()
    sys.stderr.flush()
    os._exit(code)
