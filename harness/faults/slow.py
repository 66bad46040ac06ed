"""slow: every answer takes longer. Steps of a ramp are one injection."""

from __future__ import annotations

from harness.faults.contract import SHARE, FaultType, Parameter
from harness.model.effect import Effect
from harness.model.fault import Fault, Kind


def latency_s(fault: Fault, elapsed_s: float) -> float:
    """The delay in seconds that a slow fault asks for `elapsed_s` after its start; a ramp climbs in equal steps."""
    if fault.ramp_from_s is None or fault.ramp_over_s <= 0 or elapsed_s >= fault.ramp_over_s:
        return fault.latency_s
    done = int(max(elapsed_s, 0) / fault.ramp_over_s * fault.ramp_steps)
    return fault.ramp_from_s + (fault.latency_s - fault.ramp_from_s) * done / fault.ramp_steps


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """Delay and jitter on the way to the callee."""
    return Effect(
        latency_ms=round(latency_s(fault, elapsed_s) * 1000), jitter_ms=round(fault.jitter_s * 1000), share=fault.share
    )


TYPE = FaultType(
    kind=Kind.SLOW,
    symptom="every answer takes longer",
    driver="Toxiproxy latency toxic, client-to-server direction",
    parameters=(
        Parameter("latency", "duration, or `20ms -> 400ms`", "added to every request", "0 to 10 min"),
        Parameter("jitter", "duration", "uniform, plus or minus", "0 to latency"),
        Parameter("over", "duration", "how long a ramp takes"),
        Parameter("steps", "count", "equal steps of a ramp", "1 to 100"),
        SHARE,
    ),
    example='{on: "orders->db", slow: {latency: 300ms, jitter: 50ms}}',
    proof="waits from request to first answer over the edge, before against during; a caller that gives up counts as "
    "its wait",
    cannot="slow the TCP handshake; delay single requests of a kept connection differently (jitter aside)",
    effect=effect,
)
