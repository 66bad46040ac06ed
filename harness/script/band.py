"""The baseline band: what a flow was like before anything was broken, so that the next load starts from there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.model.progress import FlowNow

WORSE_SHARE = 0.02
"""Availability may lie this much under the reference."""
SLOWER, SLOWER_S = 2.0, 0.05
"""p95 may be twice the reference, or this much above it."""
WITHOUT_REFERENCE = 0.99
CALM_SECONDS = 3
"""So many looks in a row must lie in the band, a second apart."""


@dataclass(slots=True)
class Bands:
    """What flows were like on a stack that nothing had happened to, by what they ask."""

    _known: dict[str, FlowNow] = field(default_factory=dict)

    def learn(self, load: Mapping[str, Any], flows: Sequence[FlowNow]) -> None:
        """The baseline of a fresh stack; the first one stands."""
        for flow in flows:
            if flow.availability is not None:
                self._known.setdefault(_key(load, flow.flow), flow)

    def outside(self, load: Mapping[str, Any], flows: Sequence[FlowNow]) -> str:
        """Why these seconds are not like the baseline, '' where they are."""
        if not flows:
            return "no request was answered yet"
        return "; ".join(filter(None, (self._outside(load, flow) for flow in flows)))

    def to_wire(self) -> dict[str, Any]:
        """JSON-ready."""
        return {key: asdict(flow) for key, flow in self._known.items()}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Bands:
        """Inverse of `to_wire`."""
        return cls({key: FlowNow(**flow) for key, flow in wire.items()})

    def _outside(self, load: Mapping[str, Any], flow: FlowNow) -> str:
        if flow.availability is None or flow.p95_s is None:
            return f"{flow.flow} has no answer yet"
        known = self._known.get(_key(load, flow.flow))
        floor = WITHOUT_REFERENCE if known is None or known.availability is None else known.availability - WORSE_SHARE
        if flow.availability < floor:
            return f"{flow.flow} is good in {flow.availability:.1%} of requests, before it was {floor:.1%} or more"
        ceiling = None if known is None or known.p95_s is None else max(known.p95_s * SLOWER, known.p95_s + SLOWER_S)
        if ceiling is not None and flow.p95_s > ceiling:
            return f"{flow.flow} has a p95 of {flow.p95_s:.3f} s, before it was {ceiling:.3f} s at most"
        return ""


def _key(load: Mapping[str, Any], flow: str) -> str:
    """The same request at the same rate is comparable."""
    asked = {name: value for name, value in load.items() if name != "flows"}
    return json.dumps([flow, load.get("flows", {}).get(flow), asked], sort_keys=True, default=str)
