"""Which look-ups are answered wrongly or late, and until when: every rule ends by itself. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.model.names import NameAnswer, NameRule

TIMEOUT_S = 4.0
"""Rules hold this long unless they are kept; the agent keeps them every second, as it does with packet sets."""

Wanted = Mapping[str, tuple[NameRule, ...]]
"""`caller->callee` -> what holds for look-ups of the callee's name by the caller."""


class Decision(NamedTuple):
    """What one look-up gets."""

    answer: NameAnswer = NameAnswer.TRUE
    delay_ms: int = 0


@dataclass(slots=True)
class _Held:
    rules: tuple[NameRule, ...]
    until: float
    seen: list[int] = field(default_factory=list)


class Rules:
    """Rules of all pairs. Not locked."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def put(self, wanted: Wanted, now: float) -> None:
        """Exactly these hold from now on; rules that stay as they were go on counting."""
        held, self._held = self._held, {}
        for pair, rules in wanted.items():
            old = held.get(pair)
            counted = old.seen if old and old.rules == rules and old.until > now else [0] * len(rules)
            self._held[pair] = _Held(rules, now + TIMEOUT_S, counted)

    def keep(self, now: float) -> None:
        """Prolongs what still holds; what ran out stays away."""
        for held in self._held.values():
            if held.until > now:
                held.until = now + TIMEOUT_S

    def read(self, now: float) -> dict[str, tuple[NameRule, ...]]:
        """What holds now."""
        return {pair: held.rules for pair, held in self._held.items() if held.until > now}

    def struck(self, pairs: Sequence[str], now: float) -> str:
        """Of pairs that share a name the one whose rules count for it; the first if none has any."""
        held = self.read(now)
        return next((pair for pair in pairs if pair in held), pairs[0])

    def decide(self, pair: str, now: float, *, counted: bool) -> Decision:
        """What one look-up gets. Not `counted` (a question beside the one for the address): full shares only.

        The first answer that hits wins, and later ones count what it left over; delays add.
        """
        held = self._held.get(pair)
        if held is None or held.until <= now:
            return Decision()
        answer, delay_ms = NameAnswer.TRUE, 0
        for place, rule in enumerate(held.rules):
            if rule.answer is not NameAnswer.TRUE and answer is not NameAnswer.TRUE:
                continue
            if not counted:
                hit = rule.share >= 1
            else:
                hit = _hits(rule.share, held.seen[place])
                held.seen[place] += 1
            if hit:
                answer = answer if rule.answer is NameAnswer.TRUE else rule.answer
                delay_ms += rule.delay_ms
        return Decision(answer, delay_ms)


def _hits(share: float, number: int) -> bool:
    """Whether look-up `number` (from 0) is one of the share, spread evenly and exact to a tenth of a percent."""
    take = round(share * 1000)
    return (number + 1) * take // 1000 > number * take // 1000
