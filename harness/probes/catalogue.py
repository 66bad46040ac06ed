"""All probes by kind."""

from __future__ import annotations

from harness.model.probe import ProbeKind
from harness.probes import alert, command, dns, function, http, log, moved, prometheus, redis, sql, tcp
from harness.probes.contract import ProbeType

CATALOGUE: dict[ProbeKind, ProbeType] = {
    module.TYPE.kind: module.TYPE
    for module in (http, tcp, dns, sql, redis, command, moved, log, prometheus, alert, function)
}
