"""The published exit codes; one test for each."""

from __future__ import annotations

EXIT_CODES: dict[int, str] = {
    0: "passed, clean-up verified",
    1: "resilience failed",
    2: "usage error or invalid file; nothing was touched",
    3: "inconclusive",
    4: "environment (engine, image, port, unhealthy service)",
    5: "nothing selected",
    7: "clean-up unverified: a fault may still hold",
    70: "bug in the harness; traceback in the run folder",
    130: "stopped by Ctrl-C, clean-up verified",
    143: "stopped by SIGTERM, clean-up verified",
}
