"""The JSON Schema that editors use says what the reader says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from harness.model.plan import Plan
from harness.spec.document.yaml import read_document
from harness.spec.schema import json_schema, known_keys, packed_schema_text, schema_text

REFERENCE = """version: 1
name: checkout-survives-us-east-1
title: Checkout stays up when us-east-1 goes
owner: team-orders
tags: [gate]
stack:
  compose: [compose.yaml, regions.overlay.yaml]
  environment: {checkout: {DB_TIMEOUT: "500ms", KEY_TTL: "60m@clock"}}
  volumes: fresh
  seed: {exec: db, run: ["psql", "-f", "/seed.sql"]}
load:
  rate: 120/s
  arrivals: poisson
  deadline: 2s
  connections: keep-alive
  flows:
    checkout: {service: web, post: /checkout, json: {sku: 1}, weight: 3, ok: {status: 200}}
    browse:   {service: web, get: /, weight: 7}
  locustfile: locustfile.py
steady: {for: 20s, expect: {checkout: {availability: ">= 99.5%"}}}
clock: {default: 240x, phases: {surge: 60x}}
timeline:
  - {phase: slow,   at: 0s,  for: 30s, faults: [{on: "checkout->db", slow: {latency: 300ms, jitter: 50ms}}]}
  - {phase: gone,   at: 30s, for: 30s, faults: [{id: region, on: us-east-1, how: blackout}]}
  - {phase: more,   at: 60s, for: 30s, faults: [
      {on: "tag:bridge", slow: {latency: 20ms -> 400ms, over: 3m, steps: 10}, share: 35%},
      {on: idp, flags: {login: fail}}]}
  - {phase: switch, at: 35s, do: {http: "POST web:8080/admin/failover", deadline: 10s}}
  - {phase: after,  at: 60s, for: 30s}
expect:
  checkout: [{availability: ">= 99%", phases: [slow]}, {recovers_within: 15s, after: gone}]
  "checkout->db": {retries: "<= 1.2"}
signature:
  - {point: 2, role: invariant, tag: emergent, flow: static-east, availability: ">= 99.9%", source: "incidents.md 4.1"}
  - {point: 4, role: effect, tag: scripted, flow: dns-change, availability: "<= 1%", phases: [blind], needs: [dns-flag]}
limits: {regions: [us-east-1], faults: 2, for: 2m, protect: [mailer]}
stop: [{when: "checkout.availability < 20% for 10s", verdict: failed},
       {when: "host.memory_free < 500MB", verdict: inconclusive}]
brief: {why: The DB team is failing over., expected: HighLatency alert in 60 s, runbook: docs/db.md}
"""

SMALLEST = """version: 1
break: us-east-1
how: blackout
for: 30s
expect:
  web: {availability: ">= 99%", p99: "< 800ms", recovers_within: 15s}
"""


def data(text: str) -> Any:
    return read_document(text.encode(), "x").data


def test_the_packed_file_is_the_schema_of_the_code() -> None:
    """Write it again with: python -m harness.spec.schema > harness/spec/experiment-v1.schema.json"""
    assert packed_schema_text() == schema_text()


def test_the_schema_is_draft_07_and_valid() -> None:
    schema = json_schema()
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("text", [REFERENCE, SMALLEST])
def test_the_files_of_the_reference_are_valid(text: str) -> None:
    jsonschema.Draft7Validator(json_schema()).validate(data(text))


@pytest.mark.parametrize(
    "wrong",
    [
        "version: 2\nbreak: db\n",
        "version: 1\nbrake: db\n",
        "version: 1\nbreak: db\nfor: 30\n",
        "version: 1\nbreak: db\nload: {rate: 30}\n",
        "version: 1\nbreak: db\nexpect: {web: {availabilty: '>= 99%'}}\n",
        "version: 1\nbreak: db\nhow: {slow: {latncy: 1s}}\n",
        "version: 1\ntimeline: [{for: 30s}]\n",
    ],
)
def test_an_editor_underlines_what_the_reader_refuses(problems: Callable[..., list[str]], wrong: str) -> None:
    assert problems(wrong)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(json_schema()).validate(data(wrong))


def test_every_key_is_described() -> None:
    schema = json_schema()
    for name, node in [("root", schema), *schema["definitions"].items()]:
        for key, value in node.get("properties", {}).items():
            assert value.get("description"), f"{name}.{key}"


def test_every_example_of_the_schema_is_valid() -> None:
    schema = json_schema()
    for name, node in [("root", schema), *schema["definitions"].items()]:
        for key, value in node.get("properties", {}).items():
            for example in value.get("examples", []):
                rest = {k: v for k, v in value.items() if k != "examples"} | {"definitions": schema["definitions"]}
                assert jsonschema.Draft7Validator(rest).is_valid(example), f"{name}.{key}: {example}"


def test_keys_are_known_by_their_place() -> None:
    assert "timeline" in known_keys(())
    assert "slow" in known_keys(("timeline", 0, "faults", 0))
    assert "latency" in known_keys(("timeline", 0, "faults", 0, "slow"))
    assert "availability" in known_keys(("expect", "anything"))
    assert known_keys(("load", "flows")) == []


def test_what_the_reference_file_gets_refused_for(problems: Callable[..., list[str]]) -> None:
    """The reference shows every key at once; what cannot stand together is named, line by line."""
    found = problems(REFERENCE)
    assert [line.split(" ", 1)[0].split(":")[0] for line in found] == sorted(
        [line.split(":")[0] for line in found], key=int
    )
    text = "\n".join(found)
    assert "a closed-loop locustfile is not handled by this version" in text
    assert "unknown phase 'surge'" in text and "unknown flow 'static-east'" in text
    assert "selects the protected service 'mailer'" in text


def test_the_smallest_file_of_the_reference_is_a_plan(load: Callable[..., Plan]) -> None:
    plan = load(SMALLEST)
    assert [objective.metric for objective in plan.objectives] == ["availability", "p99", "recovers_within"]
