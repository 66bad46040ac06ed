"""slicer: answers arrive in small pieces."""

from __future__ import annotations

from harness.faults.contract import PROXY_UNDO, Asked, Family, FaultType, ParameterError, Proof, plain
from harness.faults.parameters import Parameter, Unit
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.units import bytes_text, duration_text


def build(asked: Asked) -> Fault:
    """Pieces may not vary by as much as they are long: Toxiproxy crashes on pieces of nothing."""
    if asked.values["vary"] > asked.values["size"] / 2:
        text = f"pieces of {bytes_text(asked.values['size'])} may vary by at most half of that"
        raise ParameterError("vary", f"{text}; lower vary, or raise size")
    return plain(asked)


def effect(fault: Fault, elapsed_s: float) -> Effect:
    """Answers cut into pieces, with a gap after each."""
    sizes = round(fault.number("size")), round(fault.number("vary"))
    return Effect(slice_bytes=sizes[0], slice_vary=sizes[1], gap_us=round(fault.number("gap") * 1e6), share=fault.share)


TYPE = FaultType(
    kind="slicer",
    symptom="answers arrive in small pieces, with gaps between them",
    driver="Toxiproxy slicer toxic, server-to-client direction",
    undo=PROXY_UNDO,
    parameters=(
        Parameter("size", Unit.BYTES, "mean length of a piece", low=16, high=1e6, short=True, example="100B"),
        Parameter("vary", Unit.BYTES, "plus or minus, uniform; at most half the size", default=0.0, low=0, high=5e5),
        Parameter("gap", Unit.DURATION, "time after each piece", default=0.001, low=0.0, high=10.0),
    ),
    example='{on: "web->objects", slicer: {size: 100B, gap: 10ms}}',
    proof="bytes a packet of answers, before against during",
    cannot="cut answers that are shorter than a piece; act beside slow_close, timeout, reset_peer or limit_data",
    proved_by=Proof.SLICED,
    family=Family.SLOW,
    build=build,
    effect=effect,
    shares=True,
    phrase=lambda fault: (
        f"answers in pieces of {bytes_text(fault.number('size'))}, {duration_text(fault.number('gap'))} apart"
    ),
)
