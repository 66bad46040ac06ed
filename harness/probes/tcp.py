"""tcp: does somebody accept connections on a port?"""

from __future__ import annotations

from harness.model.probe import Outcome, Probe, ProbeKind, good
from harness.probes.contract import ProbeType, Setting, World


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: connected in time. The value is seconds."""
    return good(world.tcp(probe.service, probe.port, probe.timeout_s))


TYPE = ProbeType(
    kind=ProbeKind.TCP,
    asks="does the service accept connections?",
    driver="a TCP connect from next to the service",
    settings=(Setting("tcp", "service:port"),),
    example="{tcp: 'db:5432'}",
    cannot="a process that accepts and then does nothing looks well; ask it something with sql, redis or http",
    measure=measure,
)
