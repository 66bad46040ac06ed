"""Segments in, counts out: the passive observer, without a network."""

from __future__ import annotations

from typing import Any

from harness.containers.border.seconds import KEPT, SAMPLES, Seconds, last_settled
from harness.containers.border.turns import ACK, FIN, RST, SYN, Segment, Turns

EDGE = "web->orders:8080"
KEY = (b"\xc6\x12\x00\x03", 40000, b"\xc6\x13\x00\x01", 8080)
S = 1_000_000
OK, BAD, MISSING = b"HTTP/1.1 200 OK\r", b"HTTP/1.1 503 Unav", b"HTTP/1.0 404 Not"


class Line:
    """One connection, scripted; times in seconds."""

    def __init__(self) -> None:
        self.seconds = Seconds()
        self.turns = Turns(self.seconds)
        self.caller, self.callee = 1000, 5000

    def dial(self, at: float, first: int = 999) -> None:
        self.turns.from_caller(KEY, EDGE, Segment(int(at * S), SYN, first, 0))

    def accept(self, at: float) -> None:
        self.turns.from_callee(KEY, Segment(int(at * S), SYN | ACK, 4999, 0))

    def ask(self, at: float, length: int = 100, flags: int = ACK) -> None:
        self.turns.from_caller(KEY, EDGE, Segment(int(at * S), flags, self.caller, length))
        self.caller = (self.caller + length) % 2**32

    def answer(self, at: float, head: bytes = OK, length: int = 200) -> None:
        self.turns.from_callee(KEY, Segment(int(at * S), ACK, self.callee, length, head))
        self.callee = (self.callee + length) % 2**32

    def hang_up(self, at: float, flags: int = FIN | ACK) -> None:
        self.turns.from_caller(KEY, EDGE, Segment(int(at * S), flags, self.caller, 0))

    def end(self, at: float, flags: int = FIN | ACK) -> None:
        self.turns.from_callee(KEY, Segment(int(at * S), flags, self.callee, 0))

    def total(self, name: str) -> Any:
        rows = list(self.seconds.rows(-1, 10**9))
        values = [row[name] for row in rows]
        if values and isinstance(values[0], list):
            return [wait for waits in values for wait in waits]
        return sum(values)


def test_a_request_and_its_answer_are_one_turn_each_with_the_wait_between() -> None:
    line = Line()
    line.dial(1.0)
    line.accept(1.001)
    line.ask(1.1)
    line.answer(1.35)
    assert [line.total(name) for name in ("connects", "requests", "responses")] == [1, 1, 1]
    assert line.total("times_us") == [250_000]


def test_data_in_several_segments_is_still_one_turn() -> None:
    line = Line()
    for part in range(3):
        line.ask(1 + part / 100)
    for part in range(4):
        line.answer(2 + part / 100, OK if part == 0 else b"more")
    assert (line.total("requests"), line.total("responses")) == (1, 1)
    assert line.total("times_us") == [S]


def test_segments_sent_again_count_once() -> None:
    line = Line()
    line.ask(1.0)
    line.caller -= 100
    line.ask(1.3)
    line.answer(1.5)
    line.callee -= 200
    line.ask(2.0)
    line.answer(2.1)  # the first answer again: the second request is still open
    assert (line.total("requests"), line.total("responses")) == (2, 1)


def test_sequence_numbers_wrap() -> None:
    line = Line()
    line.caller = line.callee = 2**32 - 50
    line.ask(1.0)
    line.answer(1.1)
    line.ask(1.2)
    line.answer(1.3)
    assert (line.total("requests"), line.total("responses")) == (2, 2)


def test_a_server_that_speaks_first_answers_nothing() -> None:
    line = Line()
    line.answer(1.0, b"220 hello")
    assert (line.total("requests"), line.total("responses")) == (0, 0)


def test_http_answers_are_told_apart_by_class() -> None:
    line = Line()
    for head in (OK, BAD, MISSING, b"\x16\x03\x03 500"):
        line.ask(1.0)
        line.answer(1.1, head)
    assert (line.total("responses"), line.total("errors"), line.total("rejects")) == (4, 1, 1)


def test_a_caller_that_hangs_up_before_the_answer_gave_up() -> None:
    for flags in (FIN | ACK, RST):
        line = Line()
        line.ask(1.0)
        line.hang_up(2.5, flags)
        assert (line.total("gave_up"), line.total("responses")) == (1, 0)
        assert line.total("gave_up_us") == [1_500_000]


def test_a_caller_that_hangs_up_after_the_answer_did_not_give_up() -> None:
    line = Line()
    line.ask(1.0)
    line.answer(1.1)
    line.hang_up(1.2)
    assert line.total("gave_up") == 0


def test_a_callee_that_hangs_up_leaves_a_request_without_answer_and_nobody_gave_up() -> None:
    line = Line()
    line.ask(1.0)
    line.turns.from_callee(KEY, Segment(int(1.2 * S), FIN | ACK, line.callee, 0))
    line.hang_up(1.3)
    assert [line.total(name) for name in ("requests", "responses", "gave_up")] == [1, 0, 0]


def test_a_wait_that_nobody_ends_is_counted_after_half_a_minute() -> None:
    line = Line()
    line.ask(1.0)
    line.turns.tick(30 * S)
    assert line.total("gave_up") == 0
    line.turns.tick(32 * S)
    line.turns.tick(33 * S)
    assert line.total("gave_up") == 1


def test_a_reset_in_answer_to_a_dial_is_a_refusal() -> None:
    line = Line()
    line.dial(1.9)
    line.turns.from_callee(KEY, Segment(int(2.0 * S), RST | ACK, 0, 0))
    line.turns.tick(5 * S)
    row = next(iter(line.seconds.rows(-1, 9)))
    assert (row["t_us"], row["connects"], row["refused"], row["unanswered"]) == (S, 1, 1, 0)


def test_a_dial_without_an_answer_counts_in_the_second_it_was_made() -> None:
    line = Line()
    line.dial(1.9)
    line.dial(2.9)  # sent again by the kernel
    line.turns.tick(int(2.8 * S))
    assert line.total("unanswered") == 0
    line.turns.tick(int(2.95 * S))
    assert (line.total("connects"), line.total("unanswered")) == (1, 1)
    assert next(iter(line.seconds.rows(-1, 9)))["t_us"] == S


def test_a_port_that_is_used_again_is_a_new_connection() -> None:
    line = Line()
    line.dial(1.0, 999)
    line.accept(1.1)
    line.dial(9.0, 77)
    assert line.total("connects") == 2


def test_an_answered_dial_is_not_unanswered() -> None:
    line = Line()
    line.dial(1.0)
    line.accept(1.5)
    line.turns.tick(3 * S)
    assert line.total("unanswered") == 0


def test_connections_that_ended_are_forgotten() -> None:
    line = Line()
    line.ask(1.0)
    assert len(line.turns) == 1
    line.hang_up(2.0)
    line.end(2.1)
    assert len(line.turns) == 0
    line.ask(3.0)
    line.hang_up(3.1, RST)
    assert len(line.turns) == 0
    line.ask(4.0)
    line.turns.tick(1000 * S)
    assert len(line.turns) == 0


def test_the_end_of_a_connection_is_timed_from_the_last_data_or_the_callers_own_end() -> None:
    line = Line()
    line.ask(1.0)
    line.answer(1.2)
    line.end(1.5)
    line.end(1.9)
    line.hang_up(2.0)
    line.dial(3.0, first=7)
    line.accept(3.0)
    line.hang_up(3.5)
    line.end(3.6)
    assert (line.total("closes"), line.total("close_us"), line.total("hangups")) == (2, 400_000, 0)
    assert line.total("ends") == 1, "the second one was its caller's"
    assert len(line.turns) == 0


def test_an_end_or_a_reset_instead_of_an_answer_is_a_hang_up_and_a_reset_is_counted() -> None:
    line = Line()
    line.dial(1.0)
    line.accept(1.0)
    line.ask(1.1)
    line.end(1.2, RST)
    line.dial(2.0, first=7)
    line.accept(2.0)
    line.ask(2.1)
    line.end(2.2)
    assert (line.total("hangups"), line.total("resets"), line.total("gave_up"), line.total("refused")) == (2, 1, 0, 0)


def test_packets_of_answers_are_counted_with_their_data() -> None:
    line = Line()
    line.ask(1.0)
    line.answer(1.1, length=100)
    line.answer(1.2, head=b"", length=300)
    line.callee -= 300
    line.answer(1.4, head=b"", length=300)
    assert (line.total("segments"), line.total("answer_bytes")) == (2, 400), "sent again is not sent twice"


def test_waits_are_a_fair_sample_of_bounded_size() -> None:
    seconds = Seconds()
    tally = seconds.at(0, EDGE)
    for wait in range(1000):
        tally.answered(wait)
    assert len(tally.times_us) == SAMPLES
    assert tally.responses == 1000
    assert max(tally.times_us) >= 500, "the later half has a share"


def test_a_second_is_final_only_after_late_connects_are_known() -> None:
    assert last_settled(12_300_000) == 10
    assert last_settled(12_200_000) == 9


def test_old_seconds_are_dropped() -> None:
    seconds = Seconds()
    for second in range(KEPT + 50):
        seconds.at(second * S, EDGE).connects += 1
    assert len(list(seconds.rows(-1, 10**9))) == KEPT + 1
