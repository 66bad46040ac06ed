"""The undo file: what would have to be undone, on disk before it is done. Safe against any end of this program."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.containers.guardian.before import Before
from harness.model.act import ContainerAct


@dataclass(frozen=True, slots=True)
class Note:
    """One act on one container: whose, what, on what, what it was before, and the wall second at which it must end."""

    injection: str
    owner: str
    service: str
    container: str
    act: ContainerAct
    before: Before
    until: float

    @property
    def key(self) -> tuple[str, str]:
        """A note's name: an act is undone container by container."""
        return self.injection, self.container

    def to_wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"act": self.act.to_wire(), "before": self.before.to_wire()}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Note:
        """Inverse of `to_wire`; ValueError, KeyError or TypeError if it is none."""
        words = {name: str(wire[name]) for name in ("injection", "owner", "service", "container")}
        act, before = ContainerAct.from_wire(wire["act"]), Before.from_wire(wire["before"])
        return cls(**words, act=act, before=before, until=float(wire["until"]))


class Notes:
    """All notes of one project. Every change is on disk when the call returns. Safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        """Reads what is there; a file that is no list of notes is kept aside as `….unreadable`, never thrown away."""
        self._path = path
        self._lock = threading.Lock()
        self._notes: dict[tuple[str, str], Note] = {}
        self.unreadable = ""
        if path.exists():
            self._read()

    def __iter__(self) -> Any:
        with self._lock:
            return iter(list(self._notes.values()))

    def add(self, notes: Iterable[Note]) -> None:
        """Write these down; on return they survive the end of this machine."""
        fresh = {note.key: note for note in notes}  # before the lock: the caller may be reading these very notes
        with self._lock:
            self._notes |= fresh
            self._write()

    def remove(self, notes: Iterable[Note]) -> None:
        """Forget these: they were undone and read back."""
        done = [note.key for note in notes]
        with self._lock:
            for key in done:
                self._notes.pop(key, None)
            self._write()

    def _read(self) -> None:
        try:
            found = [Note.from_wire(wire) for wire in json.loads(self._path.read_text(encoding="utf-8"))]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.unreadable = f"{type(error).__name__}: {error}"
            self._path.replace(self._path.with_suffix(".unreadable"))
            return
        self._notes = {note.key: note for note in found}

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump([note.to_wire() for note in self._notes.values()], stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
