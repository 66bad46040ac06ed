"""What all faults that harm containers share: who undoes them, and what none of them can do."""

from __future__ import annotations

UNDO = (
    "a helper container, at the end of the command, of its lease, of its time; what it has to undo is on disk before "
    "it acts, so it also does so after it died itself"
)
ALONE = "hold beside another fault on the same container: refused when the file is read"
DRIVER = "the engine, through a helper container that is started when a run needs it"
