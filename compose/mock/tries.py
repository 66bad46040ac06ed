"""What a client makes of a plan: retries, breaker, fallback, step after step. How one try is sent is left open."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from mock.breaker import Breaker
from mock.plans import Call, Step


@dataclass(frozen=True)
class Answer:
    """What a callee said; `status` 0 means that it did not answer in time or not at all."""

    status: int
    body: bytes = b""
    problem: str = ""

    @property
    def good(self) -> bool:
        """A 2xx status."""
        return 200 <= self.status < 300


class Tries(ABC):
    """All outgoing calls of a program."""

    def __init__(self) -> None:
        self.breakers: dict[Call, Breaker] = {}

    @abstractmethod
    async def once(self, call: Call, data: bytes | None = None) -> Answer:
        """One try of one call; never raises for what the network or the callee does."""

    async def call(self, call: Call, data: bytes | None = None) -> Answer:
        """A call with its retries (at once) and its breaker."""
        breaker = self.breakers.setdefault(call, Breaker(*call.breaker)) if call.breaker else None
        answer = Answer(0, problem=f"{call.url}: breaker is open")
        for _ in range(1 + call.retries):
            if breaker and not breaker.allows(time.monotonic()):
                return answer
            answer = await self.once(call, data)
            if breaker:
                breaker.learn(answer.good, time.monotonic())
            if answer.good:
                break
        return answer

    async def step(self, step: Step, data: bytes | None = None) -> Answer:
        """The first good answer among the alternatives, else the last bad one; a soft step is always good."""
        answer = Answer(0)
        for call in step.calls:
            answer = await self.call(call, data)
            if answer.good:
                return answer
        return Answer(200) if step.soft else answer

    async def steps(self, steps: Sequence[Step]) -> Answer:
        """All steps in order until one fails; the body is that of the last one."""
        answer = Answer(200, b"ok")
        for step in steps:
            answer = await self.step(step)
            if not answer.good:
                break
        return answer
