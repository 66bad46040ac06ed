"""The back-off of a client that does steady work: the switch between an incident that ends and one that stays."""

from __future__ import annotations

import time

from mock.breaker import Budget, HoldOff
from mock.plans import Step
from mock.tries import Tries


class Client:
    """The client behind the steady work. Its back-off is the switch of the incident: `holdoff`, `budget` or `none`."""

    def __init__(self, caller: Tries, backoff: str) -> None:
        self.caller = caller
        self.holdoff = HoldOff() if backoff == "holdoff" else None
        self.budget = Budget() if backoff == "budget" else None

    async def run(self, step: Step) -> bool:
        """The step under the client's policy; whether it went well."""
        now = time.monotonic()
        if self.holdoff and not self.holdoff.allows(now):
            return False
        good = await self.tries(step)
        if self.holdoff:
            self.holdoff.learn(good, time.monotonic())
        return good

    async def tries(self, step: Step) -> bool:
        """First try and retries. Without a policy each failed try is repeated at once: the latent bug."""
        call = step.calls[0]
        if self.budget:
            self.budget.earn()
        for left in range(0 if self.holdoff else call.retries, -1, -1):
            if (await self.caller.once(call)).good:
                return True
            if left and self.budget and not self.budget.spend():
                return False
        return False
