"""Faults of a user's own: a name and parameters for what others do together, after one another, or in part.

A file beside the experiment, or an installed package, holds one or several of these. Since a fault of one's own is made
of faults that the proxy container can undo, everything holds for it that holds for them: bounds, blast radius, leases,
deadlines, proof, and a run folder that can be judged on any machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.faults.contract import Asked, Family, FaultType, Proof
from harness.faults.parameters import Parameter

GROUP = "regionfall.faults"
"""Entry points of installed packages: each names a fault of one's own, or a list of them."""

Parts = Callable[[Asked], Iterable[Mapping[str, Any]]]
"""What was asked for -> items of a `faults:` list, as people write them. `on` is the target asked for, unless written;
`at` and `for` count from the start of the whole; without `for` a part holds to the end of the whole."""

_KIND = re.compile(r"[a-z][a-z0-9_]{1,39}")


def own_fault(
    kind: str,
    symptom: str,
    parts: Parts,
    *,
    parameters: tuple[Parameter, ...] = (),
    example: str = "",
    cannot: str = "be undone by anything but its parts",
) -> FaultType:
    """A fault of one's own. ValueError for a name that cannot be a key of the file."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} cannot be the name of a fault; use lower case letters, digits and _, as in bad_day")
    return FaultType(
        kind=kind,
        symptom=symptom,
        driver="the faults that it is made of",
        undo="that of the faults that it is made of",
        example=example or f'{{on: "orders->db", {kind}: true}}',
        proof="each of the faults that it is made of, by itself",
        cannot=cannot,
        proved_by=Proof.MOVED,
        family=Family.TOLD,
        phrase=lambda _: symptom,
        parameters=parameters,
        parts=parts,
    )
