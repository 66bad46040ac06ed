"""What a control connection may ask of the guardian (the stream itself: `harness.containers.stream`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.containers.guardian.agent import Agent
from harness.containers.stream import Answer, Op, Session, accept

VERSION = 1


class Asked:
    """One connection's questions; what it wanted ends when it ends."""

    def __init__(self, agent: Agent, session: Session, key: int) -> None:
        self._agent, self._session, self._key = agent, session, key
        self._owner = ""
        self.ops: Mapping[str, Op] = {
            "hello": self._hello,
            "note": lambda request: {"notes": agent.note(self._owner, request)},
            "want": lambda request: agent.want(key, self._owner, request),
            "renew": lambda request: agent.renew(key, float(request["lease_s"])),
            "status": lambda _: agent.status(),
            "notes": lambda _: {"notes": agent.notes()},
            "adopt": lambda request: agent.adopt(request["notes"]),
            "heal": lambda _: agent.heal(),
        }

    def ended(self) -> None:
        """The first switch: what this connection wanted goes with it."""
        if self._session.say in self._agent.listeners:
            self._agent.listeners.remove(self._session.say)
        self._agent.forget(self._key)

    def _hello(self, request: dict[str, Any]) -> Answer:
        self._owner = str(request.get("owner", ""))
        if self._session.say not in self._agent.listeners:
            self._agent.listeners.append(self._session.say)
        return {"guardian": VERSION, "mono_us": time.monotonic_ns() // 1000}


def serve(agent: Agent) -> None:
    """Accepts connections for ever; the guardian *holds* from the moment this is called."""
    accept("guardian", lambda session, key: Asked(agent, session, key))
