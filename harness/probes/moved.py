"""bytes: how much moves over an edge, counted by the proxy's kernel."""

from __future__ import annotations

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, within
from harness.probes.contract import VALUE, ProbeType, Setting, World


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: bytes per second, both directions, keep to `value`."""
    moved = world.moved(probe.edge)
    if moved is None:
        raise NotMeasured("the proxies have not reported a whole second yet")
    return within(probe.limit, moved)


TYPE = ProbeType(
    kind=ProbeKind.BYTES,
    asks="how many bytes per second move over an edge?",
    driver="counters of the packet filter, second by second",
    settings=(Setting("bytes", "the edge: caller->callee"), VALUE),
    example="{bytes: 'web->db', value: '>= 100'}",
    cannot="headers of IP and TCP are counted too: an idle connection moves a few bytes",
    measure=measure,
)
