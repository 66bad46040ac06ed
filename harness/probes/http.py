"""http: one GET; status, and a text that the answer holds."""

from __future__ import annotations

from harness.model.probe import Outcome, Probe, ProbeKind, bad, good
from harness.probes.contract import ProbeType, Setting, World


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: a status of the list, and the text in the first 256 KiB of the body. The value is seconds."""
    answer = world.http(probe.service, probe.port, probe.path, probe.timeout_s)
    if answer.status not in probe.status:
        return bad(f"status {answer.status}", answer.took_s)
    if probe.contains and probe.contains.encode() not in answer.body:
        return bad("the answer does not hold the text that is looked for", answer.took_s)
    return good(answer.took_s)


TYPE = ProbeType(
    kind=ProbeKind.HTTP,
    asks="does the service answer this path well?",
    driver="a GET from next to the service",
    settings=(
        Setting("http", "service:port/path, or a mapping with at, status and contains"),
        Setting("status", "the good ones: 200 (default), a list, or 2xx"),
        Setting("contains", "a text that the body holds"),
    ),
    example="{http: 'web:8080/health'}",
    cannot="it does not go over an edge, so it does not feel a slow or cut edge into the service: the load does",
    measure=measure,
)
