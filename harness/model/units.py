"""Units as people read them. Durations are float seconds and ratios are 0–1 everywhere inside."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """Seconds as the shortest exact-looking text: 0.3 -> '300 ms', 90 -> '1 m 30 s'."""
    if seconds < 0:
        return "-" + duration_text(-seconds)
    if seconds == 0:
        return "0 s"
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest} s" if rest else f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} m" if minutes else f"{hours} h"


def ratio_text(ratio: float) -> str:
    """A ratio as a percentage with as many digits as its distance from 0 or 1 needs: 0.9991 -> '99.91 %'."""
    distance = min(ratio, abs(1 - ratio))
    digits = 2 if 0 < distance < 0.005 else 1 if distance < 0.1 and distance else 0
    return f"{ratio * 100:.{digits}f} %"


def bytes_text(count: float) -> str:
    """Bytes with a decimal prefix: 12_300 -> '12.3 kB'."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000 or unit == "GB":
            return f"{count:.3g} {unit}" if abs(count) < 1000 else f"{count:.0f} {unit}"
        count /= 1000
    raise AssertionError("unreachable: the last unit always returns")
