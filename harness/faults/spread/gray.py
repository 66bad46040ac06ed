"""gray: any fault that acts on edges hits a seeded part of them, the others work as ever."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness.faults.contract import ParameterError
from harness.faults.parameters import Parameter, Unit
from harness.faults.spread.contract import Spread
from harness.model.stack import Edge
from harness.model.units import ratio_text


def drawn(edges: Sequence[Edge], share: float, of: str, key: str) -> tuple[Edge, ...]:
    """The edges that are hit, in their order: `share` of the edges, or all edges of `share` of the callers.

    The same `key` (seed and injection) draws the same ones on any machine. ParameterError if nothing or everything
    would be left.
    """
    names = sorted({edge.caller if of == "callers" else edge.id for edge in edges})
    count = max(1, round(share * len(names)))
    if count >= len(names):
        text = f"{ratio_text(share)} of {len(names)} {of} is all of them: nothing would be gray"
        raise ParameterError(of, f"{text}; take a larger target, or leave gray out")
    hit = set(random.Random(key).sample(names, count))
    return tuple(edge for edge in edges if (edge.caller if of == "callers" else edge.id) in hit)


SPREAD = Spread(
    kind="gray",
    symptom="a share of the edges, or of the callers, is broken and the others are fine: which ones, the seed draws",
    driver="as the fault; the edges are drawn when the file is read, and `plan` names them",
    undo="as the fault",
    parameters=(
        Parameter("edges", Unit.SHARE, "of the edges of the target", default=None, low=0.0, high=1.0, short=True,
                  example="30%"),
        Parameter("callers", Unit.SHARE, "of the callers, each with all its edges; instead of edges", default=None,
                  low=0.0, high=1.0),
    ),
    example="{on: us-east-1, hang: true, gray: 30%}",
    proof="as the fault, on the edges that were drawn",
    cannot="break a share of the requests on one edge (share does, for new connections)",
)  # fmt: skip
