"""dns: what a name leads to, as one service sees it: its hosts file, its resolver, its cache."""

from __future__ import annotations

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good
from harness.probes.contract import ProbeType, Setting, World

_NOT_FOUND = 2
"""What `getent` ends with for a name that does not resolve."""


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: it resolves, and to nothing but the addresses that are named. The value is the number of addresses."""
    ran = world.run(probe.service, ["getent", "ahostsv4", probe.looked_up], probe.timeout_s)
    found = sorted({line.split()[0] for line in ran.out.splitlines() if line.split()})
    if ran.code == _NOT_FOUND or (ran.code == 0 and not found):
        return bad("the name does not resolve", 0.0)
    if ran.code != 0:
        raise NotMeasured(f"getent ended with code {ran.code}")
    strange = [address for address in found if probe.addresses and address not in probe.addresses]
    if strange:
        return bad(f"the name leads to {', '.join(strange[:3])}", float(len(found)))
    return good(float(len(found)))


TYPE = ProbeType(
    kind=ProbeKind.DNS,
    asks="does a name resolve, and to where, as this service sees it?",
    driver="getent in the service's container",
    settings=(
        Setting("from", "the service that looks it up"),
        Setting("name", "the name"),
        Setting("to", "addresses that it may lead to; without them any address is good"),
    ),
    example="{dns: {from: web, name: db}}",
    cannot="an image without getent (distroless) cannot be asked; the time includes starting a process",
    measure=measure,
)
