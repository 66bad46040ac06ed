"""From a question's bytes to an answer's bytes and how long it has to wait. Pure; time is passed in.

Names outside the project do not exist, said at once. No other refusal ends a look-up everywhere: musl waits on after
REFUSED, and every library asks again after SERVFAIL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dnslib import QTYPE, RCODE, RR, SOA, A, DNSRecord

from harness.containers.border.names.book import Book, Listed
from harness.containers.border.names.rules import Rules
from harness.model.names import NameAnswer

TTL_S = 1
"""Answers may be kept for a second: a fault holds for two at least, so whoever honours it meets the fault and its end.

Not 0: some resolvers (Envoy's) then fall back to a default of their own.
"""


class Reply(NamedTuple):
    """What goes back, and after how many seconds."""

    message: bytes
    delay_s: float = 0.0


def reply(message: bytes, guest: str, book: Book, rules: Rules, now: float) -> Reply | None:
    """The answer to one question of the guest at this address; None for bytes that are no question."""
    try:
        record = DNSRecord.parse(message)
    except Exception:  # whatever a stranger's bytes make the library raise
        return None
    if record.header.qr or len(record.questions) != 1:
        return None
    kind = record.q.qtype
    listed = book.find(guest, str(record.q.qname).rstrip(".").lower())
    answer: DNSRecord = record.reply(ra=1, aa=1)
    if listed is None:
        return Reply(_without(answer, RCODE.NXDOMAIN))
    decision = rules.decide(rules.struck(listed.pairs, now), now, counted=kind == QTYPE.A)
    delay_s = decision.delay_ms / 1000
    if decision.answer is NameAnswer.ABSENT:
        return Reply(_without(answer, RCODE.NXDOMAIN), delay_s)
    if decision.answer is NameAnswer.FAILING:
        answer.header.rcode = RCODE.SERVFAIL
        return Reply(bytes(answer.pack()), delay_s)
    if kind != QTYPE.A:
        return Reply(_without(answer, RCODE.NOERROR), delay_s)
    for address in _addresses(listed, decision.answer, record.header.id):
        answer.add_answer(RR(record.q.qname, QTYPE.A, rdata=A(address), ttl=TTL_S))
    return Reply(bytes(answer.pack()), delay_s)


def _addresses(listed: Listed, answer: NameAnswer, turn: int) -> Sequence[str]:
    """All that the name stands for, another one first each time: most callers take the first."""
    if answer is NameAnswer.SILENT:
        return [listed.silent]
    if answer is NameAnswer.REFUSING:
        return [listed.refusing]
    first = turn % len(listed.addresses)  # the question's id, which its asker draws at random
    return listed.addresses[first:] + listed.addresses[:first]


def _without(answer: DNSRecord, code: int) -> bytes:
    """Nothing found; the SOA record says for how long that may be remembered."""
    answer.header.rcode = code
    times = (1, TTL_S, TTL_S, TTL_S, TTL_S)
    answer.add_auth(RR(".", QTYPE.SOA, rdata=SOA("names.internal", "nobody.internal", times), ttl=TTL_S))
    return bytes(answer.pack())
