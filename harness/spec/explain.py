"""What `explain` shows of the spec: metrics and labels as plain rows."""

from __future__ import annotations

from harness.spec.labels import LABELS, PREFIX
from harness.spec.metrics import metrics

_TOP_LEVEL = {
    "x-regionfall.rtt": "Standing round trip between two regions: `{us-east-1~us-west-2: 65ms}`.",
    "x-regionfall.engines": "Regions that run on another Docker engine: `{us-west-2: CONTEXT}`.",
    "x-regionfall.allow-egress": "Hosts outside that services may call without a declared dependency.",
}


def labels() -> list[dict[str, str]]:
    """Labels of services, then keys of the top-level mapping `x-regionfall`: name, meaning."""
    rows = {f"{PREFIX}{name}": meaning for name, meaning in LABELS.items()} | _TOP_LEVEL
    return [{"name": name, "meaning": meaning} for name, meaning in rows.items()]


__all__ = ["labels", "metrics"]
