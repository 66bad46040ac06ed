"""prometheus: an instant query; every series that it answers must keep to `value`."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import urlencode

from harness.model.errors import NotMeasured
from harness.model.probe import Outcome, Probe, ProbeKind, bad, good, within
from harness.probes.contract import AT, VALUE, ProbeType, Setting, World


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: at least one series, and all of them keep to `value`. The value: the first that does not."""
    path = f"{probe.path}?{urlencode({'query': probe.query})}"
    answer = world.http(probe.service, probe.port, path, probe.timeout_s)
    if answer.status != 200:
        raise NotMeasured(f"the query was answered with status {answer.status}")
    numbers = _numbers(answer.body)
    if not numbers:
        raise NotMeasured("the query has no data")
    for number in numbers:
        told = within(probe.limit, number)
        if told.state != "good":
            return bad(f"{told.note} ({len(numbers)} series)", number)
    return good(numbers[0])


def _numbers(body: bytes) -> list[float]:
    """The values of a vector or a scalar; NotMeasured for anything else, and for NaN."""
    try:
        data: Any = json.loads(body)["data"]
        pairs = [data["result"]] if data["resultType"] == "scalar" else [one["value"] for one in data["result"]]
        numbers = [float(pair[1]) for pair in pairs]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise NotMeasured("the answer is not one of Prometheus's instant queries") from None
    if any(math.isnan(number) for number in numbers):
        raise NotMeasured("the query answers NaN: there were no data to divide")
    return numbers


TYPE = ProbeType(
    kind=ProbeKind.PROMETHEUS,
    asks="what does a query answer?",
    driver="Prometheus's HTTP API, from next to it",
    settings=(AT, Setting("query", "PromQL"), VALUE),
    example="{prometheus: {at: 'prometheus:9090', query: 'sum(rate(errors_total[1m]))'}, value: '< 1'}",
    cannot="what it answers is as old as Prometheus's last scrape; ranges are not asked",
    measure=measure,
)
