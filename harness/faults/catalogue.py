"""All faults by name."""

from __future__ import annotations

from harness.faults import bandwidth, blackout, flags, hang, isolate, refuse, slow
from harness.faults.contract import FaultType
from harness.model.effect import Effect
from harness.model.fault import Fault, Kind
from harness.model.units import duration_text, ratio_text

CATALOGUE: dict[Kind, FaultType] = {
    module.TYPE.kind: module.TYPE for module in (slow, bandwidth, hang, refuse, blackout, isolate, flags)
}


def effect_of(fault: Fault, elapsed_s: float) -> Effect | None:
    """What `fault` does on each of its edges `elapsed_s` after its start; None if it does not act on edges."""
    return CATALOGUE[fault.kind].effect(fault, elapsed_s)


def fault_words(fault: Fault) -> str:
    """A fault as people say it: `slow 1.5 s ± 800 ms, 35 % of new connections`."""
    words = str(fault.kind)
    if fault.kind is Kind.SLOW:
        start = f"{duration_text(fault.ramp_from_s)} -> " if fault.ramp_from_s is not None else ""
        jitter = f" ± {duration_text(fault.jitter_s)}" if fault.jitter_s else ""
        words += f" {start}{duration_text(fault.latency_s)}{jitter}"
    if fault.kind is Kind.BANDWIDTH:
        words += f" {fault.rate_kbps:g} KB/s"
    if fault.kind is Kind.FLAGS:
        words = ", ".join(f"{name} = {value}" for name, value in fault.flags)
    return words + (f", {ratio_text(fault.share)} of new connections" if fault.share < 1 else "")
