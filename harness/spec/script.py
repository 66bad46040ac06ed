"""An experiment that a program writes while it runs: at every moment it is a file that `regionfall run` takes.

Pieces of time follow one another from t=0, the end of steady. One begins wherever a fault comes or goes, or where the
program gives it a name; a piece too short to be a phase becomes part of the next. What still holds is open: in the file
it lasts to the horizon.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from harness.model.errors import InvalidFile, Problem
from harness.model.plan import Plan
from harness.spec.bind.timeline import AFTER, DURING, SHORTEST_PHASE_S
from harness.spec.load import ReadStack, Wish, plan_of

BEFORE = "before"
HORIZON_S = 3600.0
"""How long a program may take at most; what it left open ends here."""
_LEAST_STEADY_S = 20.0

Doc = Mapping[str, Any]


@dataclass(slots=True)
class _Piece:
    name: str
    start_s: float
    named: bool = False


@dataclass(slots=True)
class _Broken:
    """One fault as it was asked for; `end_s` is None while it holds."""

    id: str
    on: str
    how: Doc
    start_s: float
    end_s: float | None = None


@dataclass(slots=True)
class Script:
    """The document so far. Seconds are wall time from t=0; nothing here reads a clock.

    `place`: what messages name as their file, e.g. the test; relative Compose files start from its folder.
    """

    place: Path
    name: str
    load: Doc
    compose: tuple[str, ...] = ()
    seed: int | None = None
    steady_s: float | None = None
    warmup_s: float = HORIZON_S
    steady_expect: Doc = field(default_factory=dict)
    expect: dict[str, list[Doc]] = field(default_factory=dict)
    probes: Doc = field(default_factory=dict)
    end_s: float | None = None
    _pieces: list[_Piece] = field(default_factory=list)
    _faults: list[_Broken] = field(default_factory=list)

    def steady(self, for_s: float, warmup_s: float, expect: Doc) -> None:
        """The baseline begins, `warmup_s` after the load did."""
        self.steady_s, self.warmup_s, self.steady_expect = for_s, warmup_s, dict(expect)

    def broken(self, on: str, how: Doc, at_s: float, *, id_: str = "", phase: str = "") -> str:
        """A fault begins to hold; answers its id."""
        kind = next((key for key in how if key != "share"), "fault")
        known = {fault.id for fault in self._faults}
        name = id_ or _fresh(kind, known)
        if name in known:
            raise InvalidFile([Problem(str(self.place), 1, 1, f"two faults of this load are called {name!r}")])
        self._faults.append(_Broken(name, on, dict(how), at_s))
        self._cut(phase, at_s)
        return name

    def mended(self, id_: str, at_s: float) -> None:
        """A fault ends."""
        for fault in self._faults:
            if fault.id == id_ and fault.end_s is None:
                fault.end_s = max(at_s, fault.start_s + 1e-6)
                self._cut("", at_s)

    def phase(self, name: str, at_s: float) -> None:
        """From now on this piece of time has a name of its own."""
        self._cut(name, at_s)

    def done(self, at_s: float) -> None:
        """The load ends: nothing is open any more."""
        self.end_s = at_s
        if len(self._pieces) > 1 and at_s - self._pieces[-1].start_s < SHORTEST_PHASE_S:
            self._pieces.pop()

    @property
    def holding(self) -> tuple[str, ...]:
        """Faults that began and did not end."""
        return tuple(fault.id for fault in self._faults if fault.end_s is None)

    @property
    def phases(self) -> tuple[str, ...]:
        """Names of the pieces so far."""
        return tuple(piece.name for piece in self._pieces)

    def _cut(self, name: str, at_s: float) -> None:
        kind = DURING if self.holding else AFTER if self._faults else BEFORE
        last = self._pieces[-1] if self._pieces else None
        if last is None and at_s >= SHORTEST_PHASE_S and (name or kind != BEFORE):
            last = _Piece(BEFORE, 0.0)
            self._pieces.append(last)
        short = last is not None and at_s - last.start_s < SHORTEST_PHASE_S
        known = {piece.name for piece in self._pieces if not (short and piece is last)}
        if name in known:
            raise InvalidFile([Problem("phase", 1, 1, f"two phases are called {name!r}; choose another name")])
        if last is None or not short:
            self._pieces.append(_Piece(name or _fresh(kind, known), at_s if self._pieces else 0.0, bool(name)))
        elif name or not last.named:
            last.named, last.name = bool(name), name or _fresh(kind, known)

    # -- as a file

    def document(self) -> dict[str, Any]:
        """The experiment file of this moment."""
        found: dict[str, Any] = {"version": 1, "name": self.name}
        if self.compose:
            found["stack"] = {"compose": list(self.compose)}
        if self.seed is not None:
            found["seed"] = self.seed
        found["load"] = {**self.load, "warmup": _text(self.warmup_s)}
        found["steady"] = {"for": _text(self.steady_s if self.steady_s is not None else _LEAST_STEADY_S)}
        if self.steady_expect:
            found["steady"]["expect"] = self.steady_expect
        found["timeline"] = list(self._timeline())
        if self.probes:
            found["probes"] = dict(self.probes)
        if self.expect:
            found["expect"] = self.expect
        return found

    def text(self) -> str:
        """The same as YAML."""
        out, yaml = io.StringIO(), YAML()
        yaml.width = 110
        yaml.dump(self.document(), out)
        return out.getvalue()

    def plan(self, read_stack: ReadStack) -> Plan:
        """The plan of this moment. InvalidFile with what the program asked for and cannot have.

        Whether there will be enough data is not asked: how long it holds is known when it is over, and judged then.
        """
        origins = [(part, part) for part in ("load", "steady", "expect")]
        origins += [("timeline", "inject"), ("probes", "probe")]
        # Whoever writes a program runs it on this machine anyway, so its probes may be functions of Python.
        wish = Wish(origins=tuple(origins), observed=True, allow_host=True)
        return plan_of(self.text().encode(), self.place, read_stack, wish)

    def _timeline(self) -> Sequence[Doc]:
        pieces = self._pieces or [_Piece(BEFORE, 0.0)]
        last_end = self.end_s if self.end_s is not None else HORIZON_S
        ends = [piece.start_s for piece in pieces[1:]] + [max(last_end, pieces[-1].start_s + SHORTEST_PHASE_S)]
        found: list[Doc] = []
        for piece, end in zip(pieces, ends, strict=True):
            faults = [_fault_doc(f, ends[-1]) for f in self._faults if piece.start_s <= f.start_s < end]
            phase = {"phase": piece.name, "at": _text(piece.start_s), "until": _text(end)}
            found.append(phase | ({"faults": faults} if faults else {}))
        return found


def _fault_doc(fault: _Broken, end_s: float) -> Doc:
    until_s = end_s if fault.end_s is None else min(fault.end_s, end_s)
    return {"id": fault.id, "on": fault.on, **fault.how, "at": _text(fault.start_s), "until": _text(until_s)}


def _text(seconds: float) -> str:
    return f"{max(seconds, 0.0):.6f}".rstrip("0").rstrip(".") + "s"


def _fresh(name: str, known: set[str]) -> str:
    """`name`, or `name-2`, `name-3`, … where it is taken."""
    count = 1
    while (found := name if count == 1 else f"{name}-{count}") in known:
        count += 1
    return found
