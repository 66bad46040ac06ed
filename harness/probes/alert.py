"""alert: does this alert fire? Asked of Alertmanager, or of anything that shows the webhooks it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good
from harness.probes.contract import AT, ProbeType, Setting, World

ALERTMANAGER = "/api/v2/alerts"


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: it fires (for a receiver of webhooks: it was told so). The value is how many of that name do."""
    answer = world.http(probe.service, probe.port, probe.path, probe.timeout_s)
    if answer.status != 200:
        raise NotMeasured(f"the list of alerts was answered with status {answer.status}")
    try:
        alerts = list(_alerts(json.loads(answer.body), 0))
    except (ValueError, RecursionError):
        raise NotMeasured("the list of alerts is not JSON") from None
    firing = sum(_fires(alert, probe.alert) for alert in alerts)
    return good(float(firing)) if firing else bad("it does not fire", 0.0)


def _alerts(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Alertmanager answers a list of alerts; a receiver shows one webhook body `{alerts: […]}`, or a list of them."""
    if isinstance(node, list):
        for item in node:
            yield from _alerts(item, depth)
    elif isinstance(node, dict) and isinstance(node.get("labels"), dict):
        yield node
    elif isinstance(node, dict) and isinstance(node.get("alerts"), list) and depth == 0:
        yield from _alerts(node["alerts"], 1)
    else:
        raise ValueError("not an alert")


def _fires(alert: dict[str, Any], name: str) -> bool:
    status = alert.get("status")
    state = status.get("state") if isinstance(status, dict) else status
    return alert["labels"].get("alertname") == name and state in ("active", "firing", None)


TYPE = ProbeType(
    kind=ProbeKind.ALERT,
    asks="did our alert fire?",
    driver="the HTTP API of Alertmanager, or a page that lists received webhooks, from next to it",
    settings=(
        Setting("name", "the alert's name"),
        Setting("at", f"{AT.meaning}; default path {ALERTMANAGER}"),
    ),
    example="{alert: {name: HighLatency, at: 'alertmanager:9093'}}",
    cannot="an alert that Alertmanager silences or inhibits does not fire; who was called at night is not asked",
    measure=measure,
)
