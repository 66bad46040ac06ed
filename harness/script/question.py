"""A probe of a program: watched in every load from then on, and asked at once with `check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cluster.inside import Inside
from harness.model.errors import Inconclusive, ResilienceFailed
from harness.model.probe import Probe, State
from harness.probes.watch import ask_once
from harness.spec.script import Script

if TYPE_CHECKING:
    from harness.script.chaos import Chaos


class Question:
    """One probe. Its answer has three values, so there is no `if question:`."""

    def __init__(self, chaos: Chaos, name: str, probe: Probe) -> None:
        self._chaos, self.name, self._probe = chaos, name, probe
        self._memory: dict[str, str] = {}

    def check(self) -> float | None:
        """Ask it once, now; the number that was read, if there is one.

        ResilienceFailed when the answer is bad, Inconclusive when it could not be measured.
        """
        __tracebackhide__ = True
        running, stack = self._chaos.cluster.running, self._chaos.cluster.workspace.project().stack
        world = Inside(stack, running.border_containers, running.container)
        try:
            outcome = ask_once(self._probe, world, self._memory)
        finally:
            world.close()
        if outcome.state is State.BAD:
            raise ResilienceFailed(f"probe {self.name} ({self._probe.kind}): {outcome.note}")
        if outcome.state is State.UNKNOWN:
            raise Inconclusive(f"probe {self.name} ({self._probe.kind}) could not be measured: {outcome.note}")
        return outcome.value

    def __bool__(self) -> bool:
        raise TypeError(f"probe {self.name}: its answer is good, bad or unknown; use check(), or expect(…, holds=…)")


def probe_of(chaos: Chaos, name: str, how: dict[str, Any], place: Path) -> Probe:
    """A probe in the grammar of the file. InvalidFile for what it cannot be."""
    compose = tuple(str(file) for file in chaos.cluster.workspace.files)
    script = Script(place, "probe", {}, compose, probes={name: how})
    return script.plan(chaos.cluster.workspace.read_stack).probes[0]
