"""Doing an act, telling whether it holds, and undoing it. The undo knows only what was written down."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.containers.guardian.before import Before, before_of, runs, same_limits
from harness.containers.guardian.disks import Disks
from harness.containers.guardian.engine import Engine, Gone, Refused
from harness.containers.guardian.notes import Note
from harness.containers.guardian.squeeze import Squeeze
from harness.model.act import ENDS_PROCESS, Act

START_TRIES = 3
FULL_BELOW = 64 << 10
"""A disk with less than this beyond what was to be left counts as full."""


class Acts:
    """Everything that can be done to a guest's container. Safe to call from several threads."""

    def __init__(self, engine: Engine, disks: Disks, squeeze: Squeeze) -> None:
        self._engine, self._disks, self._squeeze = engine, disks, squeeze

    def before(self, service: str) -> tuple[str, Before]:
        """Container of a service, and what it is now. Refused if there is nothing that could be harmed."""
        container = self._engine.find(service)
        now = before_of(self._engine.look(container))
        if not now.running or now.paused:
            raise Refused(f"service {service!r} does not run ({'paused' if now.paused else 'ended'}): nothing to harm")
        return container, now

    def begin(self, note: Note) -> None:
        """Do it; Refused says why not."""
        container, act = note.container, note.act
        if act.act is Act.KILL or act.act is Act.RESTART:
            self._engine.kill(container)
        elif act.act is Act.STOP:
            self._engine.stop(container)
        elif act.act is Act.PAUSE:
            self._engine.pause(container)
        elif act.act is Act.CPU:
            self._engine.update(container, note.before.cpu_update(act.cpus))
        elif act.act is Act.PIDS:
            self._engine.update(container, note.before.pids_update(act.pids))
        elif act.act is Act.MEMORY:
            self._squeeze.begin(container, note.before, act.memory_bytes)
        else:
            self._disks.fill(note.service, act.free_bytes)
        if act.act is Act.RESTART:
            self._engine.start(container)

    def again(self, note: Note) -> None:
        """One more turn of a restart loop; a service that ended by itself is started."""
        if self._engine.look(note.container)["State"]["Running"]:
            self._engine.kill(note.container)
        self._engine.start(note.container)

    def off(self, note: Note) -> str:
        """Why the act does not hold any more although it should, '' while it does."""
        try:
            attrs = self._engine.look(note.container)
        except Gone:
            return f"the container of {note.service} is gone"
        if note.act.act is Act.DISK:
            free = self._disks.free(note.service)
            full = self._disks.filled(note.service) and free <= note.act.free_bytes + FULL_BELOW
            return "" if full else f"{free} bytes are free on the disk of {note.service}"
        return off(attrs, note)

    def undo(self, note: Note) -> str:
        """Bring the container back to what it was, and read back: '' if nothing of the act is left, else what is."""
        try:
            if note.act.act is Act.DISK:
                self._disks.empty(note.service)
            self._restore(note)
            return left(self._engine.look(note.container), note) or self._full(note)
        except Gone:
            return ""
        except (Refused, OSError) as error:
            return str(error)

    def _restore(self, note: Note) -> None:
        attrs, before, act = self._engine.look(note.container), note.before, note.act.act
        if attrs["State"]["Paused"] and not before.paused:
            self._engine.unpause(note.container)
        if not same_limits(before_of(attrs), before):
            if act is Act.CPU:
                self._engine.update(note.container, before.cpu_update())
            if act is Act.PIDS:
                self._engine.update(note.container, before.pids_update())
            if act is Act.MEMORY:
                self._engine.update(note.container, before.memory_update())
        if act in ENDS_PROCESS and before.running:
            self._start(note.container)

    def _start(self, container: str) -> None:
        """The first start after a kernel kill may still find the old, full control group.

        One that waits for its next restart is stopped first: its wait may be a minute, and a start is no word to it.
        """
        for attempt in range(START_TRIES):
            state = self._engine.look(container)["State"]
            if runs(state):
                return
            try:
                if state.get("Restarting"):
                    self._engine.stop(container)
                self._engine.start(container)
            except Gone:
                raise
            except Refused:
                if attempt == START_TRIES - 1:
                    raise
                time.sleep(0.2)

    def _full(self, note: Note) -> str:
        return f"the disk of {note.service} is still full" if self._disks.filled(note.service) else ""


def off(attrs: Mapping[str, Any], note: Note) -> str:
    """Why the act does not hold on a container so described, '' if it does. Pure."""
    state, now, act = attrs["State"], before_of(attrs), note.act
    if act.act in (Act.KILL, Act.STOP):
        return f"{note.service} runs again" if state["Running"] else ""
    if act.act is Act.PAUSE:
        return "" if state["Paused"] else f"{note.service} is not paused any more"
    if act.act is Act.CPU:
        asked = before_of({"State": state, "HostConfig": note.before.cpu_update(act.cpus)})
        same = (now.nano_cpus, now.cpu_quota) == (asked.nano_cpus, asked.cpu_quota)
        return "" if same else f"the processor limit of {note.service} was changed"
    if act.act is Act.PIDS:
        return "" if now.pids == act.pids else f"the process limit of {note.service} was changed"
    if act.act is Act.MEMORY:
        holds = now.memory != note.before.memory or bool(state.get("OOMKilled"))
        return "" if holds else f"the memory limit of {note.service} was taken away"
    return ""


def left(attrs: Mapping[str, Any], note: Note) -> str:
    """What of the act is still there on a container so described, '' if nothing. Pure."""
    state, now, before = attrs["State"], before_of(attrs), note.before
    if state["Paused"] and not before.paused:
        return f"{note.service} is still paused"
    if note.act.act in ENDS_PROCESS and before.running and not runs(state):
        return f"{note.service} does not run (exit code {state.get('ExitCode')})"
    if note.act.act in (Act.CPU, Act.PIDS, Act.MEMORY) and not same_limits(now, before):
        return f"{note.service} is still limited"
    return ""
