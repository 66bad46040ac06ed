"""The plan as people read it."""

from __future__ import annotations

import re
from collections.abc import Callable

from harness.cli.plan_text import plan_text
from harness.model.plan import Plan
from harness.spec.feasibility import feasibility

INCIDENT = """version: 1
title: The region goes
clock: {default: 60x, t0: "07:30 PST"}
load: {rate: 100/s}
timeline:
  - {phase: out, for: 20m, faults: [{id: f, on: "tag:bridge", slow: {latency: 20ms -> 400ms}, share: 35%}]}
  - {phase: end, for: 30m}
expect: {web: {availability: ">= 95%"}}
signature: [{point: 1, role: effect, tag: emergent, order: [static, web], needs: f}]
stack: {environment: {checkout: {TTL: "60m@clock"}}}
stop: [{when: "web.availability < 20% for 10s"}]
"""


def text_of(plan: Plan) -> str:
    return plan_text(plan, feasibility(plan))


def test_a_plan_says_what_breaks_when_and_what_it_shows(load: Callable[..., Plan]) -> None:
    text = text_of(load(INCIDENT))
    for words in (
        "The region goes",
        "incident clock: 50 m of the incident in 50 s, t=0 is 07:30 PST",
        "Stack shop: 7 services, 10 edges",
        "us-east-1 ~ us-west-2: 65 ms apart",
        "checkout: TTL=60s",
        "slow 20 ms -> 400 ms",
        "35 % of new connections",
        "0-20 min",
        "passes with up to",
        "static < web; needs f",
        "Stops when web.availability < 20% for 10s: failed",
    ):
        assert words in text, words


def test_the_control_run_says_so(load: Callable[..., Plan]) -> None:
    text = text_of(load(INCIDENT, without_faults=True))
    assert "every fault is left out" in text and "Faults: none" in text


def test_no_word_of_the_machinery_and_no_blank_at_a_line_end(load: Callable[..., Plan]) -> None:
    for text in (text_of(load(INCIDENT)), text_of(load("version: 1\nbreak: us-east-1\n"))):
        assert not re.search(r"\b(cell|border|weave|lease|guardian|arrival|posture)", text, re.IGNORECASE)
        assert all(line == line.rstrip() for line in text.splitlines())
        assert "\n\n\n" not in text
