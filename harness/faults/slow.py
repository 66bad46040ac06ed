"""slow: every answer takes longer. Steps of a ramp are one injection."""

from __future__ import annotations

from collections.abc import Iterable

from harness.faults.contract import PROXY_UNDO, Asked, Family, FaultType, ParameterError, Proof
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect, Way
from harness.model.fault import Fault
from harness.model.units import duration_text

LONGEST_S = 600.0


def build(asked: Asked) -> Fault:
    """One latency, or a climb from one to another over a part of the hold."""
    first, last = asked.values["latency"]
    jitter = asked.values["jitter"]
    if jitter > max(first, last):
        text = f"a jitter of {duration_text(jitter)} on a latency of {duration_text(max(first, last))}"
        raise ParameterError("jitter", f"{text}; at most the latency itself")
    if first == last:
        for key in ("over", "steps"):
            if key in asked.given:
                raise ParameterError(key, f"{key!r} belongs to a climb; write latency: 20ms -> 400ms", key=True)
        return Fault("slow", latency_s=last, jitter_s=jitter, share=asked.share, params=_way(asked))
    over = asked.hold_s if asked.values["over"] is None else asked.values["over"]
    if over <= 0 or over > asked.hold_s + 1e-9:
        text = f"a climb over {duration_text(over)} does not fit: the fault holds for {duration_text(asked.hold_s)}"
        raise ParameterError("over", text)
    wall = round(asked.wall_s(over), 6)
    return Fault("slow", last, jitter, first, wall, asked.values["steps"], share=asked.share, params=_way(asked))


def _way(asked: Asked) -> tuple[tuple[str, str], ...]:
    return (("way", asked.values["way"]),) if asked.values["way"] == "response" else ()


def latency_s(fault: Fault, elapsed_s: float) -> float:
    """The delay in seconds that a slow fault asks for `elapsed_s` after its start; a ramp climbs in equal steps."""
    if fault.ramp_from_s is None or fault.ramp_over_s <= 0 or elapsed_s >= fault.ramp_over_s:
        return fault.latency_s
    done = int(max(elapsed_s, 0) / fault.ramp_over_s * fault.ramp_steps)
    return fault.ramp_from_s + (fault.latency_s - fault.ramp_from_s) * done / fault.ramp_steps


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """Delay and jitter on the way to the callee, or on the way back."""
    return Effect(
        latency_ms=round(latency_s(fault, elapsed_s) * 1000),
        jitter_ms=round(fault.jitter_s * 1000),
        share=fault.share,
        way=Way(fault.text("way")),
        climbs=fault.ramp_from_s is not None,
    )


def changes(fault: Fault) -> Iterable[float]:
    """The steps of a ramp."""
    if fault.ramp_from_s is None or fault.ramp_over_s <= 0:
        return ()
    step = fault.ramp_over_s / fault.ramp_steps
    return (step * number for number in range(1, fault.ramp_steps + 1))


def words(fault: Fault) -> str:
    """`slow 20 ms -> 400 ms ± 5 ms`."""
    start = f"{duration_text(fault.ramp_from_s)} -> " if fault.ramp_from_s is not None else ""
    back = " on the way back" if fault.text("way") else ""
    return f"slow {start}{duration_text(fault.latency_s)}{_jitter(fault)}{back}"


def phrase(fault: Fault) -> str:
    """`slow by 20 ms → 400 ms over 3 m`."""
    if fault.ramp_from_s is None:
        return f"slow by {duration_text(fault.latency_s)}{_jitter(fault)}"
    over = f" over {duration_text(fault.ramp_over_s)}" if fault.ramp_over_s else ""
    return f"slow by {duration_text(fault.ramp_from_s)} → {duration_text(fault.latency_s)}{_jitter(fault)}{over}"


def _jitter(fault: Fault) -> str:
    return f" ± {duration_text(fault.jitter_s)}" if fault.jitter_s else ""


TYPE = FaultType(
    kind="slow",
    symptom="every answer takes longer",
    driver="Toxiproxy latency toxic, client-to-server direction (with `way: response` the other)",
    undo=PROXY_UNDO,
    parameters=(
        Parameter(
            "latency",
            Unit.DURATION,
            "added to every request; `20ms -> 400ms` climbs; wall time, never scaled",
            low=0.0,
            high=LONGEST_S,
            short=True,
            climbs=True,
            example="300ms",
        ),
        Parameter("jitter", Unit.DURATION, "uniform, plus or minus; at most the latency", default=0.0, low=0.0),
        Parameter("over", Unit.DURATION, "how long a climb takes, on the timeline's clock; all the hold", default=None),
        Parameter("steps", Unit.COUNT, "equal steps of a climb", default=10, low=1, high=100),
        Parameter(
            "way",
            Unit.TEXT,
            "request delays what the callee gets, response what the caller gets back",
            default="request",
            choices=("request", "response"),
        ),
    ),
    example='{on: "orders->db", slow: {latency: 300ms, jitter: 50ms}}',
    proof="waits from request to first answer over the edge, before against during; a caller that gives up counts as "
    "its wait",
    cannot="slow the TCP handshake; delay single requests of a kept connection differently (jitter aside); delay large "
    "answers safely: with `way: response`, callers that give up on answers of 100 KB and more wedge the proxy; it is "
    "replaced then, and the run says so",
    proved_by=Proof.SLOW,
    family=Family.SLOW,
    build=build,
    effect=effect,
    changes=changes,
    shares=True,
    words=words,
    phrase=phrase,
)
