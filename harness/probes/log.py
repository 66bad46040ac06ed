"""log: does a service write a line like this?"""

from __future__ import annotations

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good
from harness.probes.contract import SERVICE, ProbeType, Setting, World

_MARK = "mark"
MOST_LINES = 2000
"""Lines of one look; a service that writes more has lines that nobody looked at."""


def matches(pattern: str, line: str) -> bool:
    """Whether the parts between `*` stand in the line, in this order. Takes time in proportion to the line."""
    at = 0
    for part in pattern.split("*"):
        found = line.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


def measure(probe: Probe, world: World, memory: dict[str, str]) -> Outcome:
    """Good: a line since the last look matches (`absent`: none does). The value is how many."""
    first = _MARK not in memory
    lines, mark = world.lines(probe.service, memory.get(_MARK, ""))
    memory[_MARK] = mark
    if first:
        raise NotMeasured("the first look only finds out where the log ends")
    count = sum(matches(probe.pattern, line) for line in lines)
    if probe.absent and not count and len(lines) >= MOST_LINES:
        raise NotMeasured(f"more than {MOST_LINES} lines since the last look: some were not read")
    if probe.absent:
        return bad(f"{count} such lines", float(count)) if count else good(0.0)
    return good(float(count)) if count else bad("no such line", 0.0)


TYPE = ProbeType(
    kind=ProbeKind.LOG,
    asks="does the service write such a line?",
    driver="the engine's log of the container, both streams",
    settings=(
        SERVICE,
        Setting("pattern", "a text; * stands for anything in between"),
        Setting("absent", "true: good is when no such line is written"),
    ),
    example="{log: {service: web, pattern: 'pool exhausted', absent: true}}",
    cannot="what a service logs to a file or another host; the engine's logging driver must keep logs readable",
    measure=measure,
)
