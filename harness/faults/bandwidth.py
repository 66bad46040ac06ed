"""bandwidth: bytes pass, but only so many a second."""

from __future__ import annotations

from harness.faults.contract import SHARE, FaultType, Parameter
from harness.model.effect import Effect
from harness.model.fault import Fault, Kind


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A limit for each connection, both directions."""
    return Effect(rate_kbps=max(1, round(fault.rate_kbps)), share=fault.share)


TYPE = FaultType(
    kind=Kind.BANDWIDTH,
    symptom="bytes pass, but only so many a second",
    driver="Toxiproxy bandwidth toxic, both directions",
    parameters=(Parameter("rate", "kilobytes per second", "limit of each connection", "1 to 10 000 000 KB/s"), SHARE),
    example='{on: "web->objects", bandwidth: 20KB/s}',
    proof="waits and bytes per second over the edge, before against during",
    cannot="limit the sum of several connections",
    effect=effect,
)
