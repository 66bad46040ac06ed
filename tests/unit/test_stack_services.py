"""The mock stack's services without their doors: flags, queues, instances, traffic managers, tokens."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "compose"))

from mock.backlog import Bus
from mock.crossing import Crossing
from mock.doorkeeper import Doorkeeper
from mock.flags import Flags
from mock.instances import Pool
from mock.routing import Fixed, Shared, Watched
from mock.tokens import issue, verify


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_flags_drop_by_themselves_at_their_deadline() -> None:
    clock = Clock()
    flags = Flags(("login",), clock)
    flags.put({"login": "fail"}, 2.0)
    assert flags.fails("login")
    assert flags.answer() == {"flags": {"login": "fail"}, "left_s": 2.0}
    clock.now += 2.0
    assert not flags.fails("login")
    assert flags.answer() == {"flags": {}, "left_s": 0.0}


def test_a_flag_with_a_share_fails_exactly_that_share() -> None:
    flags = Flags(("errors",), Clock())
    flags.put({"errors": 0.4}, 10)
    assert sum(flags.fails("errors") for _ in range(100)) == 40


def test_no_flags_clears_and_a_new_set_replaces_the_old() -> None:
    flags = Flags(("a", "b"), Clock())
    flags.put({"a": True}, 10)
    flags.put({"b": True}, 10)
    assert (flags.get("a"), flags.get("b")) == (False, True)
    flags.put({}, 0)
    assert flags.answer()["flags"] == {}


@pytest.mark.parametrize(("flag", "value"), [("lgoin", "fail"), ("login", "maybe"), ("login", -1), ("login", None)])
def test_a_flag_that_cannot_be_obeyed_is_refused_and_changes_nothing(flag: str, value: object) -> None:
    flags = Flags(("login",), Clock())
    with pytest.raises(ValueError, match="flag"):
        flags.put({flag: value}, 10)  # type: ignore[dict-item]
    assert flags.answer()["flags"] == {}


def test_a_fixed_front_never_moves() -> None:
    chooser = Fixed(["east", "west"])
    assert {chooser.choose() for _ in range(5)} == {"east"}


@pytest.mark.parametrize("part", [0.26, 0.40])
def test_a_shared_front_sends_exactly_its_share_to_the_first(part: float) -> None:
    chooser = Shared(["east", "west"], part)
    assert [chooser.choose() for _ in range(100)].count("east") == round(100 * part)


def test_a_watched_front_moves_after_misses_in_a_row_and_stays() -> None:
    chooser = Watched(["east", "west"], misses=3)
    for good in (False, False, False, False, True, False, False):
        chooser.learn(good)
    assert chooser.wants() is None, "misses before the first good answer do not count"
    chooser.learn(False)
    assert chooser.wants() == "west"
    chooser.move("west")
    assert (chooser.choose(), chooser.wants()) == ("west", None)
    chooser.move("nowhere")
    assert chooser.choose() == "west"


def test_instances_latch_up_to_the_number_and_are_mended_only_by_replacement() -> None:
    pool = Pool(8)
    for _ in range(20):
        pool.latch_one(5)
    assert sum(pool.latched) == 5
    batches = []
    while batch := pool.batch():
        batches.append(batch)
        pool.replace(batch)
    assert (batches, sum(pool.latched)) == ([1, 2, 2], 0)


def test_the_contact_centre_shuts_above_its_share_and_opens_after_a_row_of_good_probes() -> None:
    keeper = Doorkeeper(window=8, bad_share=0.25)
    for good in (True, False, False):
        keeper.learn(good)
    assert keeper.open, "a quarter of the window may be bad"
    keeper.learn(False)
    assert not keeper.open
    for good in (True,) * 7 + (False,) + (True,) * 7:
        keeper.learn(good)
    assert not keeper.open
    keeper.learn(True)
    assert keeper.open


def test_a_token_is_good_with_its_key_until_its_time() -> None:
    token = issue(b"key", "driver", 60, now=1000)
    assert verify(b"key", token, now=1060)
    assert not verify(b"key", token, now=1061)
    assert not verify(b"other", token, now=1000)
    assert not verify(b"", "nonsense", now=0)


def test_a_full_crossing_rejects_and_a_worker_serves_the_oldest_even_if_its_caller_left() -> None:
    async def scene() -> list[bool]:
        crossing = Crossing(slots=1, service_s=0.0, queue=2)
        first, second, third = crossing.enter(), crossing.enter(), crossing.enter()
        assert first is not None and second is not None and third is None
        first.cancel()
        work = asyncio.create_task(crossing.work())
        await asyncio.wait_for(second, 5)
        work.cancel()
        return [first.cancelled(), second.done()]

    assert asyncio.run(scene()) == [True, True]


def test_a_paused_bus_keeps_its_events_and_delivers_them_in_order_later() -> None:
    async def scene() -> tuple[list[bytes], list[bytes]]:
        sent: list[bytes] = []
        paused = [True]

        async def send(body: bytes) -> bool:
            sent.append(body)
            return True

        bus = Bus(send, 10_000, lambda: paused[0])
        work = asyncio.create_task(bus.dispatch())
        events = [bus.publish(body) for body in (b"1", b"2", b"3")]
        await asyncio.sleep(0)
        before = list(sent)
        paused[0] = False
        await asyncio.wait_for(asyncio.gather(*(event.delivered for event in events if event)), 5)
        work.cancel()
        return before, sent

    assert asyncio.run(scene()) == ([], [b"1", b"2", b"3"])


def test_an_event_that_was_not_taken_is_delivered_again() -> None:
    async def scene() -> int:
        tries = 0

        async def send(_: bytes) -> bool:
            nonlocal tries
            tries += 1
            return tries == 3

        bus = Bus(send, 10_000, lambda: False)
        work = asyncio.create_task(bus.dispatch())
        event = bus.publish(b"x")
        assert event is not None
        await asyncio.wait_for(event.delivered, 5)
        work.cancel()
        return tries

    assert asyncio.run(scene()) == 3
