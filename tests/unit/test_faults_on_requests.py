"""Faults on single requests: what people write, and what it comes to on an edge."""

from __future__ import annotations

import pytest

from harness.faults.catalogue import CATALOGUE, effect_of, fault_words
from harness.faults.contract import Asked, ParameterError
from harness.model.effect import Effect
from harness.model.fault import Fault
from harness.model.request_fault import Answer, RequestFault

KINDS = [kind for kind, type_ in CATALOGUE.items() if type_.per_request]


def fault(kind: str, **written: object) -> Fault:
    """A fault as its file builds it, defaults filled in."""
    type_ = CATALOGUE[kind]
    values = {parameter.name: parameter.default for parameter in type_.parameters} | written
    return type_.build(Asked(kind, values, frozenset(written), 1.0, 30.0, lambda seconds: seconds))


def struck(kind: str, **written: object) -> RequestFault:
    effect = effect_of(fault(kind, **written), 0.0)
    assert effect is not None and effect.requests is not None
    assert effect == Effect(requests=effect.requests), "connections are left alone"
    return effect.requests


def test_there_are_four_of_them() -> None:
    assert sorted(KINDS) == ["abort", "delay", "errors", "truncate"]


def test_errors_carry_status_body_and_headers() -> None:
    got = struck("errors", status=429, rate=0.3, headers="Retry-After: 7\nX-Why: a:b", body="no")
    headers = (("Retry-After", "7"), ("X-Why", "a:b"))
    assert got == RequestFault(Answer.STATUS, 0.3, status=429, headers=headers, body="no")


@pytest.mark.parametrize(("by", "answer"), [("close", Answer.CLOSE), ("reset", Answer.RESET)])
def test_an_abort_ends_the_connection_as_it_says(by: str, answer: Answer) -> None:
    assert struck("abort", by=by).answer is answer


def test_a_delay_and_a_cut_carry_their_size() -> None:
    assert struck("delay", latency=0.25) == RequestFault(delay_ms=250)
    assert struck("truncate", after=500.0) == RequestFault(Answer.CUT, after_bytes=500)


def test_method_path_and_header_choose() -> None:
    got = struck("errors", method="post", path="/api", header="X-Tenant: blue")
    assert (got.method, got.path, got.header) == ("POST", "/api", ("X-Tenant", "blue"))
    assert got.chooses and not struck("errors").chooses


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("rate", 0.0), ("method", "G T"), ("path", "api"), ("header", "no header:"), ("header", "X: a\r\nSet-Cookie: b")],
)
def test_what_chooses_nothing_sensible_is_refused_by_name(kind: str, name: str, value: object) -> None:
    needed = {"delay": {"latency": 0.1}, "truncate": {"after": 9.0}}.get(kind, {})
    with pytest.raises(ParameterError) as raised:
        fault(kind, **needed, **{name: value})
    assert raised.value.name == name


def test_a_header_that_would_smuggle_another_one_is_refused() -> None:
    with pytest.raises(ParameterError):
        fault("errors", headers="X: a\x0bSet-Cookie: b\x00")


def test_a_plan_tells_what_is_struck() -> None:
    words = fault_words(fault("errors", status=503, rate=0.3, method="POST", path="/api"))
    assert words == "errors 503 for 30 % of POST requests to /api…"
    assert fault_words(fault("abort", by="reset")) == "abort (reset) all requests"
