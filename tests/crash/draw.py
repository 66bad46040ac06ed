"""Which cases there are: every victim with every fault class, twice, and then whatever the seed draws. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 2
"""How often each victim meets each class at least."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kill. Everything that is random in it comes out of `seed`; `number` is its place in the whole suite."""

    number: int
    seed: int
    victim: str
    family: str
    fault: str

    @property
    def name(self) -> str:
        """What it is called on screen and in its files."""
        return f"{self.number:03d}-{self.victim}-{self.fault}".replace(" ", "-")


def draw(seed: int, victims: Sequence[str], families: Mapping[str, Sequence[str]], total: int) -> list[Case]:
    """At least `total` cases, and as many as the promise takes; the same for the same arguments.

    The faults of a class take turns, so that all of them are held as soon as there are enough cases of it.
    """
    chance = random.Random(seed)
    grid = [(victim, family) for victim in victims for family in families]
    pairs: list[tuple[str, str]] = []
    for _ in range(ROUNDS):
        pairs += chance.sample(grid, len(grid))
    while len(pairs) < total:
        pairs.append(chance.choice(grid))
    turns = {family: chance.sample(list(faults), len(faults)) for family, faults in families.items()}
    taken = dict.fromkeys(families, 0)
    cases = []
    for number, (victim, family) in enumerate(pairs, 1):
        fault = turns[family][taken[family] % len(turns[family])]
        taken[family] += 1
        cases.append(Case(number, seed * 1000 + number, victim, family, fault))
    return cases
