"""Faults on single requests: how they travel, how they compose, and the file that HAProxy is started from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.containers.border.config import EdgeConfig
from harness.containers.border.layer7.gate import behind, haproxy_config
from harness.containers.border.layer7.rules import fault_of, token
from harness.containers.border.toxics import LIMIT, cutting_toxics
from harness.model.effect import Cut, EdgeState, Effect, compose
from harness.model.request_fault import Answer, RequestFault

TEXT = st.text(max_size=20)
PAIR = st.tuples(TEXT.filter(bool), TEXT)
FAULTS = st.builds(
    RequestFault,
    answer=st.sampled_from(Answer),
    share=st.integers(1, 10_000).map(lambda parts: parts / 10_000),
    delay_ms=st.integers(0, 600_000),
    status=st.integers(0, 599),
    body=TEXT,
    headers=st.lists(PAIR, max_size=3).map(tuple),
    after_bytes=st.integers(0, 10**6),
    method=TEXT,
    path=TEXT,
    header=PAIR,
)


@given(FAULTS)
def test_a_request_fault_survives_both_ways_that_it_travels(fault: RequestFault) -> None:
    assert RequestFault.from_wire(json.loads(json.dumps(fault.to_wire()))) == fault
    assert fault_of(token(fault)) == fault


@given(FAULTS)
def test_a_rule_is_one_word_of_haproxys_socket_whatever_it_says(fault: RequestFault) -> None:
    assert set(token(fault)) <= set("abcdefghijklmnopqrstuvwxyz0123456789=,:")


def test_an_unknown_field_of_a_request_fault_is_named() -> None:
    with pytest.raises(ValueError, match="'statu'"):
        RequestFault.from_wire({"statu": 503})


def test_an_effect_with_a_request_fault_survives_its_way_to_the_border() -> None:
    effect = Effect(requests=RequestFault(Answer.STATUS, 0.3, status=503, headers=(("Retry-After", "7"),)))
    assert Effect.from_wire(json.loads(json.dumps(effect.to_wire()))) == effect


def test_request_faults_compose_with_everything_else_on_their_edge() -> None:
    errors, late = RequestFault(Answer.STATUS, 0.3, status=503), RequestFault(delay_ms=100)
    effects = [Effect(requests=errors), Effect(latency_ms=5, share=0.5), Effect(cut=Cut.RESET, share=0.1)]
    state = compose([*effects, Effect(requests=late)], standing_ms=20)
    assert state.requests == (errors, late)
    assert (state.shape.latency_ms, state.slow_share, state.reset_share, state.standing_ms) == (5, 0.5, 0.1, 20)


def test_a_request_fault_alone_leaves_the_rest_of_its_edge_as_it_was() -> None:
    state = compose([Effect(requests=RequestFault(Answer.CLOSE))])
    assert replace(state, requests=()) == EdgeState()


def test_answers_cut_after_two_different_lengths_are_refused() -> None:
    cuts = [Effect(requests=RequestFault(Answer.CUT, after_bytes=size)) for size in (100, 200)]
    with pytest.raises(ValueError, match="100 and after 200 bytes"):
        compose(cuts)
    assert len(compose([cuts[0], cuts[0]]).requests) == 2


def test_answers_cut_short_on_an_edge_with_a_bandwidth_are_refused() -> None:
    with pytest.raises(ValueError, match="two toxics in one direction"):
        compose([Effect(requests=RequestFault(Answer.CUT, after_bytes=9)), Effect(rate_kbps=10)])


def test_the_listener_that_cuts_answers_is_as_slow_as_its_edge() -> None:
    state = compose([Effect(latency_ms=100), Effect(requests=RequestFault(Answer.CUT, after_bytes=9))], standing_ms=20)
    toxics = cutting_toxics(state)
    assert toxics is not None
    assert toxics[LIMIT] == {"bytes": 9}
    assert toxics["latency_upstream"]["latency"] == 120
    assert cutting_toxics(compose([Effect(latency_ms=100)])) is None


EDGES = {
    number: EdgeConfig(
        f"web->{callee}:8080", "web", callee, f"198.19.0.{number}", 8080, ("198.18.0.3", 8080), http=True
    )
    for number, callee in ((1, "orders"), (300, "stock"))
}


def test_haproxy_is_told_not_to_heal_what_we_break() -> None:
    lines = [line.strip() for line in haproxy_config(EDGES, Path("/run/x.sock")).splitlines()]
    for line in ("retries 0", "no option redispatch", "http-reuse never", "errorfile 502 /dev/null"):
        assert line in lines
    limits = [line for line in lines if line.startswith("timeout ")]
    assert len(limits) >= 6 and all(line.endswith(" 20d") for line in limits)


def test_haproxy_stands_where_callers_dial_and_leads_to_where_nobody_else_can() -> None:
    text = haproxy_config(EDGES, Path("/run/x.sock"))
    for number, edge in EDGES.items():
        assert f"bind {edge.listen}:8080 id 1" in text
        assert f"server callee {behind(number).plain[0]}:8001\n" in text
    places = [
        at for number in (*EDGES, 299, 301) for at in (behind(number).plain, behind(number).part, behind(number).cut)
    ]
    assert len(set(places)) == len(places)
    assert all(address.startswith("127.") and port < 10240 for address, port in places)
