"""Labels of services and the top-level mapping."""

from __future__ import annotations

import pytest

from harness.model.stack import NO_REGION, Entry, Flags
from harness.spec.explain import labels
from harness.spec.labels import Call, parse_labels, parse_top_level


def test_all_labels_of_a_service_are_read() -> None:
    parsed = parse_labels(
        "web",
        {
            "regionfall.region": "us-east-1",
            "regionfall.role": "edge",
            "regionfall.calls": "orders:8080 db:5432#bridge dns:53/udp api.example.com:443",
            "regionfall.entry": "8080/http/shop",
            "regionfall.protect": "true",
            "regionfall.together": "gossip",
            "regionfall.flags": "8080/__faults",
            "regionfall.expected": "survived",
            "com.example.other": "kept out",
        },
    )
    assert parsed.problems == ()
    assert parsed.service.region == "us-east-1"
    assert parsed.service.entry == Entry(8080, "http", "/shop")
    assert parsed.service.flags == Flags(8080, "/__faults")
    assert parsed.service.protect and parsed.service.together == "gossip"
    assert parsed.service.label("expected") == "survived"
    assert "com.example.other" not in dict(parsed.service.labels)
    assert parsed.calls == (
        Call("orders", 8080),
        Call("db", 5432, "bridge"),
        Call("dns", 53, "", "udp"),
        Call("api.example.com", 443),
    )
    assert parsed.calls[3].external and not parsed.calls[0].external


def test_a_service_without_labels_is_local_and_calls_nobody() -> None:
    parsed = parse_labels("web", {})
    assert parsed.service.region == NO_REGION
    assert parsed.calls == () and parsed.problems == ()


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("cals", "db:1", "unknown label; did you mean 'regionfall.calls'?"),
        ("region", "us east", "'us east' is not a name"),
        ("region", "internet", "where clients come from"),
        ("calls", "db", "'db'; write callee:port"),
        ("calls", "db:0", "port '0' is not in 1–65535"),
        ("calls", "db:70000", "port '70000' is not in 1–65535"),
        ("calls", "db:999999999999", "is not in 1–65535"),
        ("calls", "db:53/upd", "did you mean 'udp'?"),
        ("calls", "pay:443/http", "port 443 speaks TLS"),
        ("calls", "db:80 db:80/http", "there twice"),
        ("calls", "db:5432#", "'' is not a tag"),
        ("calls", "web:80", "does not reach itself"),
        ("calls", "db:1 db:1", "is there twice"),
        ("entry", "http", "write container port, protocol and path"),
        ("entry", "8080/htp", "did you mean 'http'?"),
        ("entry", "8080/tcp/path", "a tcp entry has no path"),
        ("flags", "8080", "write container port and path"),
        ("protect", "yes", 'write "true" or "false"'),
        ("expected", "fine", "known: survived"),
        ("together", "", "is not a name"),
    ],
)
def test_a_wrong_label_is_a_problem_with_its_place(label: str, value: str, words: str) -> None:
    problems = parse_labels("web", {f"regionfall.{label}": value}).problems
    assert len(problems) == 1
    assert problems[0].startswith(f"service 'web', label regionfall.{label}: ")
    assert words in problems[0]


def test_an_unclear_protection_protects() -> None:
    assert parse_labels("web", {"regionfall.protect": "maybe"}).service.protect


def test_a_dependent_is_not_told_to_misbehave() -> None:
    parsed = parse_labels("web", {"regionfall.role": "dependent", "regionfall.flags": "8080/__faults"})
    assert "a dependent is broken through what it depends on" in parsed.problems[0]


def test_the_name_of_the_load_generator_is_taken() -> None:
    assert "rename the service" in parse_labels("load", {}).problems[0]


def test_the_top_level_mapping_is_read() -> None:
    top = parse_top_level(
        {
            "rtt": {"us-east-1~us-west-2": "65ms"},
            "engines": {"us-west-2": "west"},
            "allow-egress": ["api.example.com"],
            "x-a": 1,
        }
    )
    assert top.rtt == (("us-east-1", "us-west-2", 0.065),)
    assert top.engines == (("us-west-2", "west"),)
    assert top.allow_egress == ("api.example.com",)
    assert top.problems == ()
    assert parse_top_level(None).problems == ()


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ([], "is not a mapping"),
        ({"rrt": {}}, "did you mean 'rtt'?"),
        ({"rtt": []}, "is not a mapping like"),
        ({"rtt": {"a": "1s"}}, "not a pair of regions"),
        ({"rtt": {"a~a": "1s"}}, "not a pair of regions"),
        ({"rtt": {"a~b": 65}}, "write 65s or 65ms"),
        ({"rtt": {"a~b": "1ms", "b~a": "1ms"}}, "is there twice"),
        ({"engines": {"west": 3}}, "not the name of a Docker context"),
        ({"engines": "west"}, "is not a mapping like"),
        ({"allow-egress": "api.example.com"}, "is not a list"),
        ({"allow-egress": ["a b"]}, "is not a host name"),
    ],
)
def test_a_wrong_top_level_mapping_is_a_problem(mapping: object, words: str) -> None:
    problems = parse_top_level(mapping).problems
    assert len(problems) == 1 and words in problems[0]


def test_explain_lists_every_label() -> None:
    names = [row["name"] for row in labels()]
    assert "regionfall.region" in names and "x-regionfall.rtt" in names
    assert all(row["meaning"] for row in labels())


def test_a_call_says_that_http_is_spoken_and_keeps_its_tag() -> None:
    parsed = parse_labels("web", {"regionfall.calls": "orders:8080/http#bridge"})
    assert parsed.problems == () and parsed.calls == (Call("orders", 8080, "bridge", "http"),)
