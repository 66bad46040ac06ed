"""What befalls single requests of an `http` edge: which ones, how many of them, and what their caller sees."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """What a struck request gets instead of its own answer."""

    OWN = ""
    """Its own answer, after the delay."""
    STATUS = "status"
    """An answer with a status, written by the proxy; the callee never sees the request."""
    CLOSE = "close"
    """No answer: the connection is closed in order."""
    RESET = "reset"
    """No answer: the connection is reset."""
    CUT = "cut"
    """Its own answer, of which only the first bytes arrive before the connection is closed."""


WHOLE = 10_000
"""Shares are counted in parts of this."""


@dataclass(frozen=True, slots=True)
class RequestFault:
    """One injection's part on single requests.

    `method`, `path` (prefix) and `header` (name, and value or '' for any) choose among requests; empty means all.
    Of those chosen, `share` (0–1, exact to 0.01 %) is struck, spread evenly by counting. `delay_ms` comes first.
    `status`, `body` and `headers` belong to Answer.STATUS, `after_bytes` (headers included) to Answer.CUT.
    """

    answer: Answer = Answer.OWN
    share: float = 1.0
    delay_ms: int = 0
    status: int = 0
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    after_bytes: int = 0
    method: str = ""
    path: str = ""
    header: tuple[str, str] = ("", "")

    @property
    def chooses(self) -> bool:
        """Whether it looks at what a request is, so that how many it strikes depends on the guest."""
        return bool(self.method or self.path or self.header[0])

    @property
    def parts(self) -> int:
        """The share in whole parts of WHOLE."""
        return round(self.share * WHOLE)

    def to_wire(self) -> dict[str, Any]:
        """A JSON-ready dict; fields at their default are left out."""
        return {name: value for name, value in asdict(self).items() if value != _DEFAULTS[name]}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> RequestFault:
        """Inverse of `to_wire`; ValueError names a key that it does not know."""
        unknown = wire.keys() - _DEFAULTS.keys()
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]!r} of a request fault; known: {', '.join(_DEFAULTS)}")
        full = _DEFAULTS | wire
        name, value = full["header"]
        return cls(
            answer=Answer(full["answer"]),
            share=float(full["share"]),
            delay_ms=int(full["delay_ms"]),
            status=int(full["status"]),
            body=str(full["body"]),
            headers=tuple((str(key), str(text)) for key, text in full["headers"]),
            after_bytes=int(full["after_bytes"]),
            method=str(full["method"]),
            path=str(full["path"]),
            header=(str(name), str(value)),
        )


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(RequestFault)}


def check_together(faults: tuple[RequestFault, ...], *, on_answers: str) -> None:
    """ValueError when these cannot hold on one edge at once. `on_answers` acts on answers there already; '' if none."""
    cuts = {fault.after_bytes for fault in faults if fault.answer is Answer.CUT}
    if len(cuts) > 1:
        raise ValueError(f"answers cut after {' and after '.join(map(str, sorted(cuts)))} bytes on one edge; keep one")
    if cuts and on_answers:
        raise ValueError(
            f"answers cut short and {on_answers} on one edge would be two toxics in one direction; keep one"
        )
