"""What arrives on control streams and in configurations: every line gets an answer, and no line ends the program."""

from __future__ import annotations

import json
import socket
from typing import Any

from hypothesis import strategies as st

from harness.containers.border.config import parse_config
from harness.containers.border.control import Asked
from harness.containers.border.desired import Desired, parse_want
from harness.containers.load.wire import Order
from harness.containers.probe.ask import ask
from harness.containers.stream import Session, encoded
from harness.model.effect import Effect

EDGES = ("web->db:5432", "web->idp:80")
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**18), 10**18), st.floats(), st.text(max_size=8),
    st.sampled_from(["drop", "reset", "", "nan", 1e308, -1, 0.5, 3]),
)  # fmt: skip
_KEYS = st.sampled_from(
    (
        *("op", "id", "owner", "lease_s", "left_s", "faults", "flags", "edges", "services", "cut", "share", "service"),
        *("latency_ms", "jitter_ms", "down", "flush", *EDGES, "border", "cells", "x"),
    )
)
TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_FIELDS = {field: st.one_of(_SCALARS, st.integers(0, 500)) for field in Effect.__dataclass_fields__}
_EFFECTS = st.one_of(st.fixed_dictionaries({}, optional=_FIELDS), TREES)  # type: ignore[arg-type]
_WANTS = st.fixed_dictionaries({
    "op": st.just("want"), "id": st.integers(), "lease_s": st.one_of(st.floats(0, 10), _SCALARS),
    "faults": st.one_of(TREES, st.dictionaries(st.text(max_size=4), st.fixed_dictionaries({
        "left_s": st.one_of(st.floats(0, 60), _SCALARS),
        "edges": st.dictionaries(st.sampled_from(EDGES), _EFFECTS, max_size=2)}), max_size=3)),
    "flags": st.one_of(st.just({}), TREES),
})  # fmt: skip
LINES = st.one_of(
    st.builds(lambda op, rest: json.dumps({**rest, "op": op}),
              st.sampled_from(["hello", "want", "renew", "callees", "stats", "down", "status", "heal", "no", ""]),
              st.dictionaries(_KEYS, TREES, max_size=4)),
    _WANTS.map(json.dumps),
    TREES.map(json.dumps),
    st.binary(max_size=60),
    st.sampled_from(["[" * 100_000, '{"op":' * 5000, "9" * 5000, '{"op": "renew", "lease_s": 1e999}', '"\\ud800"']),
).map(lambda line: line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass"))  # fmt: skip


class _Agent:
    """An agent whose wishes are real and whose world is not."""

    class callees:
        table = staticmethod(dict)
        reasons = staticmethod(dict)
        say_down = staticmethod(lambda service, down: None)

    class config:
        border, edges = "east", ()

    def __init__(self) -> None:
        self.listeners: list[Any] = []
        self.desired = Desired(dict.fromkeys(EDGES, 0), ["db"])

    def want(self, key: int, owner: str, message: Any) -> dict[str, Any]:
        self.desired.want(key, parse_want(message, owner, 0.0))
        return {"holds": [str(state) for state in self.desired.states().values()], "flags": self.desired.flags(0.0)}

    def renew(self, key: int, lease_s: float) -> dict[str, Any]:
        self.desired.renew(key, lease_s)
        return {"left_s": lease_s}

    def stats(self, after: int, *, flush: bool) -> tuple[dict[str, Any], int]:
        return {}, after

    def status(self) -> dict[str, Any]:
        return {"injections": [wanted.id for _, wanted in self.desired.all()]}

    def heal(self) -> dict[str, Any]:
        return {"healed": [wanted.id for wanted in self.desired.clear()]}

    def forget(self, key: int) -> None:
        self.desired.forget(key)


def session() -> Session:
    """A connection to such an agent; nothing is ever sent over its socket."""
    agent = _Agent()
    return Session(socket.socket(), 1, lambda made, key: Asked(agent, made, key))  # type: ignore[arg-type]


class Control:
    """Lines of one long conversation: an earlier line must not spoil the answer to a later one."""

    def __init__(self) -> None:
        self._session = session()

    def check(self, line: bytes) -> None:
        """One answer; a healthy question is answered afterwards."""
        still_answers(self._session, line)


def still_answers(session: Session, line: bytes) -> None:
    """One answer, yes or no, that is one line of JSON; healthy questions are answered afterwards."""
    for asked in (line, b'{"op": "status", "id": 7}', b'{"op": "heal"}'):
        answer = session._answer(asked)
        assert isinstance(answer["ok"], bool)
        assert "the program failed" not in str(answer.get("error")), answer
        assert encoded(answer).count(b"\n") == 1
        assert asked is line or answer["ok"], answer


def check_config(value: Any) -> None:
    """A border's configuration is one, or a ValueError, KeyError or TypeError that its start reports in one line."""
    try:
        parse_config(json.dumps(value))
    except (ValueError, KeyError, TypeError):
        return


def check_order(value: Any) -> None:
    """The load's order the same."""
    try:
        Order.from_wire(value)
    except (ValueError, KeyError, TypeError):
        return


def check_question(value: Any) -> None:
    """A probe's question that is none is answered with words; nothing is connected to."""
    answer = ask(value if isinstance(value, dict) else {"op": value})
    assert answer["ok"] is False and answer["why"]
    json.dumps(answer)
