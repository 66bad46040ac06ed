"""What arrives at the helper that harms containers: every line gets an answer, and no line harms what it may not."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from hypothesis import strategies as st
from messages import TREES, still_answers

from harness.containers.guardian.agent import Agent
from harness.containers.guardian.before import UNLIMITED, Before
from harness.containers.guardian.control import Asked
from harness.containers.guardian.engine import Gone
from harness.containers.guardian.notes import Note, Notes
from harness.containers.stream import Session
from harness.model.act import Act, ContainerAct

SERVICE = "db"
_NUMBERS = st.one_of(st.integers(-(10**18), 10**18), st.floats(), st.sampled_from([0, 1, 0.5, 1e308, "7", None, True]))
_ACTS = st.fixed_dictionaries(
    {"act": st.one_of(st.sampled_from([*map(str, Act), "melt"]), TREES)},
    optional={name: _NUMBERS for name in ContainerAct.__dataclass_fields__ if name != "act"},
)
_SERVICES = st.dictionaries(st.sampled_from([SERVICE, "web", "", "../x"]), st.one_of(_ACTS, TREES), max_size=2)
_WISHES = st.fixed_dictionaries({"left_s": _NUMBERS, "services": st.one_of(_SERVICES, TREES)})
_WANTED = st.dictionaries(st.text(max_size=4), _WISHES, max_size=3)
_NOTES = st.lists(
    st.one_of(
        TREES,
        st.fixed_dictionaries({
            "injection": st.text(max_size=4), "owner": st.text(max_size=4), "service": st.just(SERVICE),
            "container": st.sampled_from(["one", "foreign"]), "act": _ACTS, "before": TREES, "until": _NUMBERS}),
    ),
    max_size=3,
)  # fmt: skip
_OPS = st.sampled_from(["hello", "renew", "status", "notes", "heal", "no", ""])
_WANTS = st.sampled_from(["want", "note"])
LINES = st.one_of(
    st.fixed_dictionaries({"op": _WANTS, "id": st.integers(), "lease_s": _NUMBERS, "acts": st.one_of(_WANTED, TREES)}),
    st.fixed_dictionaries({"op": st.just("adopt"), "notes": st.one_of(_NOTES, TREES)}),
    st.fixed_dictionaries({"op": _OPS, "lease_s": _NUMBERS, "owner": TREES}),
).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")) | st.binary(max_size=60)


class _World:
    """One container that may be harmed; `touched` are all that were."""

    def __init__(self) -> None:
        self.touched: set[str] = set()

    def before(self, service: str) -> tuple[str, Before]:
        if service != SERVICE:
            raise Gone(f"service {service!r} has no container")
        return "one", UNLIMITED

    def begin(self, note: Note) -> None:
        self.touched.add(note.container)

    def off(self, note: Note) -> str:
        return ""

    def undo(self, note: Note) -> str:
        return "" if note.container == "one" else "not a service of ours: not touched"


class Control:
    """Lines of one long conversation with a guardian whose engine is not there."""

    def __init__(self, home: Path) -> None:
        self._world = _World()
        agent = Agent(self._world, Notes(home / "undo.json"))  # type: ignore[arg-type]
        self._session = Session(socket.socket(), 1, lambda made, key: Asked(agent, made, key))

    def check(self, line: bytes) -> None:
        """One answer; a healthy question is answered afterwards, and nothing but the one container was harmed."""
        still_answers(self._session, line)
        assert self._world.touched <= {"one"}
