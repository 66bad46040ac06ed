"""What a control connection may ask of a border (the stream itself: `harness.containers.stream`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from harness.containers.border.agent import Agent
from harness.containers.stream import Answer, Op, Session, accept

VERSION = 1


class Asked:
    """One connection's questions; what it wanted ends when it ends."""

    def __init__(self, agent: Agent, session: Session, key: int) -> None:
        self._agent, self._session, self._key = agent, session, key
        self._owner = ""
        self._second = time.monotonic_ns() // 1_000_000_000 - 1
        self.ops: Mapping[str, Op] = {
            "hello": self._hello,
            "want": lambda request: agent.want(key, self._owner, request),
            "renew": lambda request: agent.renew(key, float(request["lease_s"])),
            "callees": lambda _: {"up": agent.callees.table(), "why": agent.callees.reasons()},
            "stats": self._stats,
            "down": self._down,
            "status": lambda _: agent.status(),
            "heal": lambda _: agent.heal(),
            "by_hand": lambda request: agent.by_hand(key, request),
            "take_back": lambda _: agent.take_back(key),
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
        config = self._agent.config
        return {
            "border": config.border,
            "version": VERSION,
            "mono_us": time.monotonic_ns() // 1000,
            "edges": [edge.id for edge in config.edges],
        }

    def _stats(self, request: dict[str, Any]) -> Answer:
        if back_s := int(request.get("back_s") or 0):
            self._second = time.monotonic_ns() // 1_000_000_000 - 1 - back_s
        answer, self._second = self._agent.stats(self._second, flush=bool(request.get("flush")))
        return answer

    def _down(self, request: dict[str, Any]) -> Answer:
        service, down = str(request["service"]), bool(request["down"])
        self._agent.callees.say_down(service, down)
        self._agent.holding.datagrams.say_down(self._key, service, down)
        return {}


def serve(agent: Agent) -> None:
    """Accepts connections for ever; the border *holds* from the moment this is called."""
    accept(f"border {agent.config.border}", lambda session, key: Asked(agent, session, key))
