"""What all faults of names share: who undoes them, and what none of them can do."""

from __future__ import annotations

UNDO = (
    "the name server in the proxy container, at the end of the command, of its lease, of its time; "
    "a rule that nobody keeps ends by itself 4 s later"
)
DRIVER = "the name server in the proxy container, which answers this caller's look-ups of this callee"
CANNOT = "reach callers that keep connections or addresses: whoever does not ask does not notice, and the run says so"
