"""The name server without its sockets: who gets which address, what is wrong for how long, what an observer sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dnslib import QTYPE, RCODE, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from harness.containers.border.config import parse_config
from harness.containers.border.names.answers import reply
from harness.containers.border.names.book import Book
from harness.containers.border.names.lookups import PATIENCE_US, Lookups
from harness.containers.border.names.question import answered, asked
from harness.containers.border.names.rules import TIMEOUT_S, Rules
from harness.containers.border.seconds import Seconds
from harness.model.names import NameAnswer, NameRule

WEB, GATEWAY = "198.18.0.3", "198.18.0.1"
PAIR = "web->orders"


def edge(callee: str, listen: str, port: int = 8080) -> dict[str, Any]:
    where = {"listen": listen, "port": port, "upstream": f"198.18.0.9:{port}"}
    return {"id": f"web->{callee}:{port}", "caller": "web", "callee": callee, **where}


BORDER = {
    "border": "east",
    "cells": [{"name": "web", "gateway": GATEWAY, "address": "198.18.0.2", "prefix": 29}],
    "edges": [edge("orders", "198.19.0.1"), edge("orders", "198.19.0.1", 81), edge("db", "198.19.0.2", 5432)],
    "names": {WEB: "web", "198.18.0.11": "audit", "198.19.255.1": "orders", "198.19.255.3": "audit"},
    "aliases": {"orders": ["the-orders", "Orders.Internal"], "audit": ["ledger"]},
    "own_names": {"web": {"database": "db"}},
}
BOOK = Book(parse_config(json.dumps(BORDER)))


def ask(name: str, rules: Rules | None = None, *, kind: str = "A", guest: str = WEB, now: float = 0.0) -> DNSRecord:
    found = reply(bytes(DNSRecord.question(name, kind).pack()), guest, BOOK, rules or Rules(), now)
    assert found is not None
    return DNSRecord.parse(found.message)


def addresses(record: DNSRecord) -> list[str]:
    return [str(item.rdata) for item in record.rr]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("orders", "198.19.0.1"),
        ("ORDERS.", "198.19.0.1"),
        ("the-orders", "198.19.0.1"),
        ("orders.internal", "198.19.0.1"),
        ("database", "198.19.0.2"),
        ("audit", "198.19.255.3"),
        ("ledger", "198.19.255.3"),
    ],
)
def test_every_name_of_a_callee_leads_to_its_edge_and_of_others_to_where_calls_are_refused(
    name: str, address: str
) -> None:
    record = ask(name)
    assert addresses(record) == [address]
    assert (record.rr[0].ttl, record.header.rcode) == (1, RCODE.NOERROR)


def test_another_guest_gets_no_edge_of_this_caller() -> None:
    assert addresses(ask("orders", guest="198.18.0.11")) == ["198.19.255.1"]


def test_a_name_outside_the_project_does_not_exist_for_a_second_at_most() -> None:
    record = ask("api.example.com")
    assert (record.header.rcode, record.auth[0].rtype, record.auth[0].ttl) == (RCODE.NXDOMAIN, QTYPE.SOA, 1)


def test_a_callee_has_no_other_addresses_and_exists_all_the_same() -> None:
    record = ask("orders", kind="AAAA")
    assert (record.header.rcode, addresses(record)) == (RCODE.NOERROR, [])


def held(*rules: NameRule) -> Rules:
    made = Rules()
    made.put({PAIR: rules}, 0.0)
    return made


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_an_absent_name_and_a_failing_one_fail_for_every_kind_of_question(kind: str) -> None:
    assert ask("orders", held(NameRule(NameAnswer.ABSENT)), kind=kind).header.rcode == RCODE.NXDOMAIN
    assert ask("orders", held(NameRule(NameAnswer.FAILING)), kind=kind).header.rcode == RCODE.SERVFAIL


def test_dead_addresses_are_the_pairs_own_and_other_names_stay_true() -> None:
    for answer, address in ((NameAnswer.SILENT, "198.19.192.1"), (NameAnswer.REFUSING, "198.19.224.1")):
        rules = held(NameRule(answer))
        assert addresses(ask("orders", rules)) == [address]
        assert addresses(ask("database", rules)) == ["198.19.0.2"]


def test_a_late_answer_is_true_and_waits() -> None:
    message = bytes(DNSRecord.question("orders").pack())
    found = reply(message, WEB, BOOK, held(NameRule(delay_ms=700)), 0.0)
    assert found is not None and found.delay_s == 0.7
    assert addresses(DNSRecord.parse(found.message)) == ["198.19.0.1"]


def test_a_share_of_look_ups_is_exact_and_spread_and_questions_beside_it_are_not_counted() -> None:
    rules = held(NameRule(NameAnswer.ABSENT, share=0.35))
    codes = []
    for _ in range(100):
        codes.append(ask("orders", rules).header.rcode)
        assert ask("orders", rules, kind="AAAA").header.rcode == RCODE.NOERROR
    assert codes.count(RCODE.NXDOMAIN) == 35
    assert RCODE.NXDOMAIN in codes[:3]


def test_delays_add_and_the_second_answer_shares_what_the_first_left_over() -> None:
    half = held(
        NameRule(NameAnswer.ABSENT, share=0.5), NameRule(NameAnswer.FAILING, share=0.5), NameRule(delay_ms=5),
        NameRule(delay_ms=7),
    )  # fmt: skip
    decisions = [half.decide(PAIR, 0.0, counted=True) for _ in range(100)]
    answers = [decision.answer for decision in decisions]
    assert {decision.delay_ms for decision in decisions} == {12}
    assert (answers.count(NameAnswer.ABSENT), answers.count(NameAnswer.FAILING)) == (50, 25)


def test_rules_end_by_themselves_unless_they_are_kept() -> None:
    rules = held(NameRule(NameAnswer.ABSENT))
    rules.keep(TIMEOUT_S - 0.1)
    assert ask("orders", rules, now=TIMEOUT_S + 1).header.rcode == RCODE.NXDOMAIN
    assert ask("orders", rules, now=2 * TIMEOUT_S).header.rcode == RCODE.NOERROR
    rules.keep(2 * TIMEOUT_S)
    assert rules.read(2 * TIMEOUT_S) == {}, "what ran out does not come back"


def test_rules_that_are_put_again_go_on_counting_and_others_end() -> None:
    rules = held(NameRule(NameAnswer.ABSENT, share=0.5))
    first = rules.decide(PAIR, 0.0, counted=True).answer
    rules.put({PAIR: (NameRule(NameAnswer.ABSENT, share=0.5),)}, 1.0)
    assert {first, rules.decide(PAIR, 1.0, counted=True).answer} == {NameAnswer.TRUE, NameAnswer.ABSENT}
    rules.put({}, 1.0)
    assert rules.decide(PAIR, 1.0, counted=True).answer is NameAnswer.TRUE


@given(st.binary(max_size=300))
def test_no_bytes_disturb_the_server_or_the_observer(message: bytes) -> None:
    reply(message, WEB, BOOK, Rules(), 0.0)
    asked(message)
    answered(message)


def look_up(watch: Lookups, seconds: Seconds, name: str, answer_us: int | None, rules: Rules | None = None) -> None:
    question = DNSRecord.question(name)
    message = bytes(question.pack())
    watch.question(1_000_000, (WEB, 4000), GATEWAY, message, seconds)
    found = reply(message, WEB, BOOK, rules or Rules(), 0.0)
    if answer_us is not None and found is not None:
        watch.answer(answer_us, (WEB, 4000), GATEWAY, found.message, seconds)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def watch() -> Lookups:
    return Lookups(BOOK, {PAIR: ["web->orders:8080", "web->orders:81"], "web->db": ["web->db:5432"]}, [GATEWAY])


def test_a_look_up_counts_on_every_edge_that_the_name_stands_for(watch: Lookups, seconds: Seconds) -> None:
    look_up(watch, seconds, "orders", 1_300_000)
    for name in ("web->orders:8080", "web->orders:81"):
        tally = seconds.at(1_000_000, name)
        assert (tally.lookups, tally.lookup_answers, tally.lookup_errors) == (1, 1, 0)
        assert tally.lookup_times_us == [300_000]
    assert seconds.at(1_000_000, "web->db:5432").lookups == 0


COPIES = BORDER | {
    "edges": [edge("orders-1", "198.19.0.1"), edge("orders-2", "198.19.0.2"), edge("orders-3", "198.19.0.3")],
    "aliases": {f"orders-{number}": ["orders"] for number in (1, 2, 3)},
}
ALL = ["198.19.0.1", "198.19.0.2", "198.19.0.3"]


def ask_copies(name: str, rules: Rules | None = None, turn: int = 0) -> list[str]:
    question = DNSRecord.question(name)
    question.header.id = turn
    found = reply(bytes(question.pack()), WEB, Book(parse_config(json.dumps(COPIES))), rules or Rules(), 0.0)
    assert found is not None
    return addresses(DNSRecord.parse(found.message))


def test_a_name_that_copies_share_leads_to_all_of_them_another_one_first_each_time() -> None:
    answers = [ask_copies("orders", turn=turn) for turn in (0, 1, 2, 3)]
    assert all(sorted(answer) == ALL for answer in answers)
    assert [answer[0] for answer in answers] == [*ALL, ALL[0]]
    assert ask_copies("orders-2", turn=2) == [ALL[1]]


def test_a_shared_name_is_misled_once_whichever_copies_rule_it_is() -> None:
    rules = Rules()
    rule = NameRule(NameAnswer.ABSENT, share=0.5)
    rules.put({"web->orders-2": (rule,), "web->orders-3": (rule,)}, 0.0)
    assert sum(not ask_copies("orders", rules) for _ in range(10)) == 5


def test_a_look_up_of_a_shared_name_counts_for_every_copy_and_any_of_their_addresses_is_right(seconds: Seconds) -> None:
    pairs = {f"web->orders-{number}": [f"web->orders-{number}:8080"] for number in (1, 2, 3)}
    book = Book(parse_config(json.dumps(COPIES)))
    watch = Lookups(book, pairs, [GATEWAY])
    message = bytes(DNSRecord.question("orders").pack())
    watch.question(1_000_000, (WEB, 4000), GATEWAY, message, seconds)
    found = reply(message, WEB, book, Rules(), 0.0)
    assert found is not None
    watch.answer(1_100_000, (WEB, 4000), GATEWAY, found.message, seconds)
    for (edge_id,) in pairs.values():
        tally = seconds.at(1_000_000, edge_id)
        assert (tally.lookups, tally.lookup_answers, tally.lookup_errors) == (1, 1, 0)


def test_a_wrong_answer_and_no_answer_are_errors_in_the_second_in_which_that_is_known(
    watch: Lookups, seconds: Seconds
) -> None:
    look_up(watch, seconds, "orders", 1_000_500, held(NameRule(NameAnswer.SILENT)))
    assert seconds.at(1_000_000, "web->orders:81").lookup_errors == 1
    look_up(watch, seconds, "db", None)
    watch.tick(1_000_001 + PATIENCE_US, seconds)
    assert seconds.at(1_000_000, "web->db:5432").lookups == 1
    assert seconds.at(1_000_001 + PATIENCE_US, "web->db:5432").lookup_errors == 1


def test_names_outside_the_project_are_noted_and_addresses_asked_backwards_are_not(
    watch: Lookups, seconds: Seconds
) -> None:
    look_up(watch, seconds, "api.example.com", 1_000_100)
    backwards = bytes(DNSRecord.question("1.0.19.198.in-addr.arpa", "PTR").pack())
    watch.question(0, (WEB, 1), GATEWAY, backwards, seconds)
    look_up(watch, seconds, "audit", 1_000_100)
    assert dict(watch.undeclared) == {(WEB, GATEWAY, "api.example.com"): 1}


def test_a_question_to_somebody_elses_server_is_undeclared_whatever_it_asks(watch: Lookups, seconds: Seconds) -> None:
    watch.question(0, (WEB, 1), "8.8.8.8", bytes(DNSRecord.question("orders").pack()), seconds)
    assert dict(watch.undeclared) == {(WEB, "8.8.8.8", "orders"): 1}
