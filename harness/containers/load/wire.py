"""What the controller and the load program say to each other. Standard library only; both sides import it.

    controller -> program   JSON lines: the order, `{"ping": n}`, `{"start_us": t}`, `{"stop": true}`; end of file = die
    program -> controller   frames: 4 bytes length (big endian), then msgpack: a map whose key "t" names its kind

    pong    {n, mono_us}                           the program's monotonic clock, for the clock handshake
    ready   {mono_us}                              slots stand, every entry answered
    failed  {error}                                it cannot run; it ends after this frame
    rows    {rows: [[due_us, flow, latency_us, outcome, status, late_us], …], offered, mono_us}; also sent empty
    end     {offered, sent, no_slot, waited, late, lateness_p99_us, lost}

`flow` is an index into the order's flows, `outcome` one into `OUTCOMES`. Microseconds of the run's clock unless
the name says `mono`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from harness.model.load import Outcome

OUTCOMES: tuple[Outcome, ...] = tuple(Outcome)
LATE_US = 10_000
"""An arrival that the generator itself began later than this counts as late."""
FLUSH_S = 0.1
"""Rows leave the program this often; a frame comes at least as often even when there are none."""
_LENGTH = struct.Struct(">I")
_LONGEST_FRAME = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """One flow as the program sees it: the whole URL, and the deadline from the intended start."""

    name: str
    url: str
    method: str
    body: str
    deadline_us: int
    weight: float
    ok_status: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """From `start_s` of the run's clock the total rate is `per_s`, until the next step."""

    start_s: float
    per_s: float


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that the program needs. `recycle`: requests per connection, 0 = kept alive, 1 = a new one for each."""

    targets: tuple[Target, ...]
    steps: tuple[Step, ...]
    duration_s: float
    arrivals: str
    seed: int
    slots: int
    recycle: int

    def to_line(self) -> bytes:
        """One JSON line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Order:
        """Inverse of `to_line`, after JSON; KeyError or TypeError on anything else."""
        targets = tuple(Target(**target | {"ok_status": tuple(target["ok_status"])}) for target in wire["targets"])
        return cls(**wire | {"targets": targets, "steps": tuple(Step(**step) for step in wire["steps"])})


def frame(payload: bytes) -> bytes:
    """A payload with its length in front."""
    return _LENGTH.pack(len(payload)) + payload


class Frames:
    """Puts payloads together again from bytes as they come, however they were cut."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Payloads that are whole now; ValueError when the bytes cannot be frames (something printed among them)."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > _LONGEST_FRAME:
                raise ValueError(f"not a frame: {bytes(self._buffer[:60])!r}")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield payload
