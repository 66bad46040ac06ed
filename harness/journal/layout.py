"""What lies in a run folder."""

from __future__ import annotations

FILES: dict[str, str] = {
    "manifest.json": "what was planned and with what: plan, seed, versions, image digests",
    "events.ndjson": "the journal: one JSON line an event, flushed one by one",
    "samples.sqlite": "every intended request and what the proxies saw; views samples, phases, edges, readings",
    "woven.compose.yaml": "the Compose project as it was started (mode 0600: it holds the guest's environment)",
    "verdict.json": "the answer: verdict, findings with intervals, injections with proof",
    "report.html": "the report, one self-contained file",
    "summary.md": "the same for a pull request",
    "junit.xml": "the same for a CI server",
    "metrics.txt": "the same as OpenMetrics",
    "logs/": "the services' own last lines",
    "crash.txt": "a traceback, only after a bug of the harness",
}

VERDICT = "verdict.json"
"""The answer, as programs read it (surface.md §7)."""
