"""bandwidth: bytes pass, but only so many a second."""

from __future__ import annotations

from harness.faults.contract import PROXY_UNDO, Asked, Family, FaultType, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect, Way
from harness.model.fault import Fault


def build(asked: Asked) -> Fault:
    """The rate has a field of its own."""
    way = asked.values["way"]
    params = () if way == "both" else (("way", way),)
    return Fault("bandwidth", rate_kbps=asked.values["rate"], share=asked.share, params=params)


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """A limit for each connection."""
    return Effect(rate_kbps=max(1, round(fault.rate_kbps)), share=fault.share, way=Way(fault.text("way")))


TYPE = FaultType(
    kind="bandwidth",
    symptom="bytes pass, but only so many a second",
    driver="Toxiproxy bandwidth toxic, both directions or one",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "rate",
            Unit.BYTE_RATE,
            "limit of each connection",
            low=1.0,
            high=10_000_000.0,
            short=True,
            example="20KB/s",
        ),
        Parameter(
            "way",
            Unit.TEXT,
            "which bytes are limited",
            default="both",
            choices=("both", "request", "response"),
        ),
    ),
    example='{on: "web->objects", bandwidth: 20KB/s}',
    proof="waits and bytes per second over the edge, before against during",
    cannot="limit the sum of several connections",
    proved_by=Proof.FEWER_BYTES,
    family=Family.SLOW,
    build=build,
    effect=effect,
    shares=True,
    words=lambda fault: f"bandwidth {fault.rate_kbps:g} KB/s",
    phrase=lambda fault: f"limited to {fault.rate_kbps:g} kB/s a connection",
)
