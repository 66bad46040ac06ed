"""Faults on single requests through the whole house: a file, a run, HAProxy on the edges that need it, proof."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import shop

pytestmark = [pytest.mark.drill, pytest.mark.timeout(300)]

LABELS = """\
services: {web: {labels: {regionfall.calls: "orders:8080/http#orders"}}}
"""

FILE = """\
version: 1
name: single-requests
stack: {{compose: [{compose}, labels.yaml]}}
load: {{rate: 40/s, arrivals: even, deadline: 2s, warmup: 2s, flows: {{shop: {{service: web, get: /}}}}}}
steady: {{for: 5s, expect: {{shop: {{availability: ">= 90%"}}}}}}
timeline:
  - {{phase: errors, at: 0s, for: 5s, faults: [{{on: "tag:orders", errors: {{status: 503, rate: 30%}}}}]}}
  - {{phase: cut, for: 5s, faults: [{{on: "web->orders", truncate: {{after: 40B, rate: 50%}}}}]}}
  - {{phase: nobody, for: 5s, faults: [{{on: "web->orders", abort: {{path: /nowhere}}}}]}}
expect: {{shop: {{availability: ">= 40%", phases: [errors]}}}}
"""


def test_a_share_of_requests_is_struck_as_the_file_says_and_a_fault_that_strikes_nobody_is_named(
    tmp_path: Path,
) -> None:
    shell = shop.Shell(tmp_path)
    shell.write("labels.yaml", LABELS)
    shell.write("requests.chaos.yaml", FILE.format(compose=shop.GUESTS / "two-services" / "compose.yaml"))
    answer = shell.run("requests.chaos.yaml")
    assert answer.code == 3, answer.err
    assert answer.reasons.startswith("injection nobody was not proved"), answer.reasons
    for name, share in (("errors", 0.3), ("cut", 0.5)):
        effect = answer.injection(name)["effect"]
        assert effect["proved"], effect
        assert effect["during"] == pytest.approx(share, abs=0.1) and effect["before"] < 0.1
        assert answer.injection(name)["edges"] == ["web->orders:8080"]
    assert not answer.injection("nobody")["effect"]["proved"]
    woven = (shell.latest / "woven.compose.yaml").read_text()
    assert json.dumps(["web->orders:8080"])[1:-1] in woven.replace('\\"', '"')
