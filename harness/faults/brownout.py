"""brownout: a region that is still there, but slow and lossy, as an overloaded one is."""

from __future__ import annotations

from harness.faults.contract import KERNEL_UNDO, Asked, Family, FaultType, ParameterError, Proof
from harness.faults.parameters import Parameter, Unit, written
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.units import duration_text, ratio_text


def build(asked: Asked) -> Fault:
    """Delay and loss together; neither may be nothing, else it is another fault."""
    latency, jitter, loss = (float(asked.values[name]) for name in ("latency", "jitter", "loss"))
    if latency <= 0 or loss <= 0:
        name, other = ("latency", "hang with a share") if latency <= 0 else ("loss", "slow")
        raise ParameterError(name, f"a brownout without {name} is {other}; write that instead")
    if jitter > latency:
        text = f"a jitter of {duration_text(jitter)} on a latency of {duration_text(latency)}"
        raise ParameterError("jitter", f"{text}; at most the latency itself")
    return Fault("brownout", latency_s=latency, jitter_s=jitter, params=(("loss", loss),))


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """Every request late, a share of new connections lost."""
    latency, jitter = round(fault.latency_s * 1000), round(fault.jitter_s * 1000)
    return Effect(latency_ms=latency, jitter_ms=jitter, lost=fault.number("loss"))


def words(fault: Fault) -> str:
    """`brownout 400 ms ± 200 ms, 10 % of new connections lost`."""
    late = f"{duration_text(fault.latency_s)} ± {written(Unit.DURATION, fault.jitter_s)}"
    return f"brownout {late}, {ratio_text(fault.number('loss'))} of new connections lost"


TYPE = FaultType(
    kind="brownout",
    symptom="still there, but slow and lossy, as under overload: requests wait, a part of new connections is lost",
    driver="Toxiproxy latency toxic and packet filter, composed into one state",
    undo=KERNEL_UNDO,
    parameters=(
        Parameter(
            "latency",
            Unit.DURATION,
            "added to every request",
            default=0.4,
            low=0.0,
            high=600.0,
            short=True,
            example="400ms",
        ),
        Parameter("jitter", Unit.DURATION, "uniform, plus or minus; at most the latency", default=0.2, low=0.0),
        Parameter("loss", Unit.SHARE, "of new connections, never answered", default=0.1, low=0.0, high=0.9),
    ),
    example="{on: us-east-1, how: brownout}",
    proof="waits grew by the latency, and of new connections as many as asked for stayed unanswered",
    cannot="get slower with more load: the numbers stay what they are; lose requests on kept connections",
    proved_by=Proof.BROWNOUT,
    family=Family.SLOW,
    build=build,
    effect=effect,
    words=words,
    phrase=words,
)
