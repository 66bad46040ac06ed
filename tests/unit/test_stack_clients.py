"""The mock stack's clients: what they call, how long they try, and when they stop asking. No network, no clock."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "compose"))

from mock.breaker import Breaker, Budget, HoldOff
from mock.plans import Call, Step, parse_routes, parse_steady, parse_step
from mock.policy import Client
from mock.settings import per_second, seconds, share
from mock.shares import Share
from mock.tries import Answer, Tries

GOOD, BAD = Answer(200, b"here"), Answer(503, problem="bad")


class Scripted(Tries):
    """Answers by address, in the order given; the last one is repeated."""

    def __init__(self, **answers: list[Answer]) -> None:
        super().__init__()
        self.answers, self.asked = answers, []

    async def once(self, call: Call, data: bytes | None = None) -> Answer:
        self.asked.append(call.url)
        queue = self.answers[call.url.removeprefix("http://")]
        return queue.pop(0) if len(queue) > 1 else queue[0]


def run(tries: Scripted, text: str) -> Answer:
    return asyncio.run(tries.step(parse_step(text)))


@pytest.mark.parametrize(
    ("text", "value"), [("15s", 15), ("250ms", 0.25), ("2.5s", 2.5), ("2m", 120), ("60m@clock", 3600)]
)
def test_a_duration_is_read_with_its_unit(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["15", "s", "-1s", "1 minute", ""])
def test_a_duration_without_a_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds(text)


def test_shares_and_rates_are_read_and_checked() -> None:
    assert (share("26%"), share("0.26"), per_second("20/s")) == (0.26, 0.26, 20)
    with pytest.raises(ValueError, match="between 0 and 1"):
        share("26")
    with pytest.raises(ValueError, match="is not a rate"):
        per_second("20")


@pytest.mark.parametrize(
    ("part", "of", "taken"), [(0.35, 100, 35), (0.26, 50, 13), (0.4, 10, 4), (0, 100, 0), (1, 7, 7)]
)
def test_a_share_is_taken_exactly(part: float, of: int, taken: int) -> None:
    chance = Share()
    assert sum(chance.take(part) for _ in range(of)) == taken


def test_a_route_reads_its_steps_alternatives_and_words() -> None:
    text = "/a = http://x timeout=300ms breaker=3/5s new | PUT http://y ; POST http://z retries=2 soft\n/b ="
    routes = parse_routes(text)
    first = Step((Call("http://x", "GET", 0.3, 0, (3, 5.0), True), Call("http://y", "PUT")))
    assert routes == {"/a": (first, Step((Call("http://z", "POST", retries=2),), soft=True)), "/b": ()}


@pytest.mark.parametrize("text", ["http://x tiemout=1s", "timeout=1s", "FETCH http://x"])
def test_a_word_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_step(text)


def test_steady_work_has_a_name_and_a_rate() -> None:
    (one,) = parse_steady("points 3/s = POST http://m timeout=1s new")
    assert (one.name, one.per_s, one.step.calls[0].method) == ("points", 3, "POST")


def test_a_good_first_answer_is_taken_and_nothing_else_is_asked() -> None:
    tries = Scripted(a=[GOOD], b=[GOOD])
    assert run(tries, "http://a retries=3 | http://b") == GOOD
    assert tries.asked == ["http://a"]


def test_retries_are_made_at_once_and_only_so_often() -> None:
    tries = Scripted(a=[BAD])
    assert run(tries, "http://a retries=2") == BAD
    assert len(tries.asked) == 3


def test_the_second_alternative_answers_when_the_first_fails() -> None:
    tries = Scripted(a=[BAD], b=[GOOD])
    assert run(tries, "http://a | http://b") == GOOD


def test_a_soft_step_may_fail_without_failing_the_request() -> None:
    assert run(Scripted(a=[BAD]), "http://a soft").good


def test_a_failed_step_ends_the_request_and_names_itself() -> None:
    tries = Scripted(a=[BAD], b=[GOOD])
    answer = asyncio.run(tries.steps(parse_routes("/ = http://a ; http://b")["/"]))
    assert (answer, tries.asked) == (BAD, ["http://a"])


def test_an_open_breaker_asks_nobody_until_its_pause_is_over() -> None:
    breaker = Breaker(fails=2, pause_s=5)
    for moment in (0.0, 1.0):
        assert breaker.allows(moment)
        breaker.learn(False, moment)
    assert not breaker.allows(5.9)
    assert breaker.allows(6.1)
    assert not breaker.allows(6.2), "one probe at a time"
    breaker.learn(True, 6.3)
    assert breaker.allows(6.4)


def test_behind_an_open_breaker_the_fallback_is_asked_alone() -> None:
    tries = Scripted(a=[BAD], b=[GOOD])
    step = parse_step("http://a breaker=1/60s | http://b")

    async def twice() -> None:
        await tries.step(step)
        await tries.step(step)

    asyncio.run(twice())
    assert tries.asked == ["http://a", "http://b", "http://b"]


def test_a_client_that_holds_off_sends_one_probe_at_a_time_and_pauses_longer_each_time() -> None:
    holdoff = HoldOff(base_s=1, cap_s=100)
    holdoff.learn(False, 0)
    assert not holdoff.allows(0.9)
    assert holdoff.allows(2.1)
    assert not holdoff.allows(2.2), "the probe is out"
    holdoff.learn(False, 3)
    assert not holdoff.allows(4.9)
    assert holdoff.allows(7.1)
    holdoff.learn(True, 8)
    assert all(holdoff.allows(8) for _ in range(3))


def test_a_retry_budget_is_earned_by_calls() -> None:
    budget = Budget(ratio=0.5, bucket=1)
    assert budget.spend()
    assert not budget.spend()
    budget.earn()
    budget.earn()
    assert budget.spend()


@pytest.mark.parametrize(("backoff", "sent"), [("none", 40), ("budget", 20), ("holdoff", 1)])
def test_the_back_off_decides_what_a_failing_callee_is_sent(backoff: str, sent: int) -> None:
    tries = Scripted(a=[BAD])
    client, step = Client(tries, backoff), parse_step("http://a retries=3")

    async def calls() -> None:
        for _ in range(10):
            await client.run(step)

    asyncio.run(calls())
    assert len(tries.asked) == sent
