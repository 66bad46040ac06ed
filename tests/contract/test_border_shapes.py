"""What a caller sees of one-way cuts, resets, and everything that a proxy does to answers, through a real border."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

from harness.model.effect import Cut, Effect, Way
from harness.model.errors import ClusterError
from harness.model.shape import Ending

NEAR, FAR = "web->orders:8080", "web->stock:8080"


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop(standing_ms=40) as made:
        made.start()
        yield made


@pytest.fixture
def stack(world: Shop) -> Iterator[Shop]:
    yield world
    answer = world.control_east.want({}, {}, 5)
    assert answer["holds"] == {} and answer["missing"] == {}
    assert not answer["lost"]


def hold(stack: Shop, effect: Effect, edge: str = NEAR) -> None:
    answer = stack.control_east.want({"it": (30.0, {edge: effect})}, {}, 30)
    assert answer["missing"] == {} and answer["holds"]["it"]["edges"].keys() == {edge}


TALK = """
s, name, took = dial({host!r}, 8080, {limit})
def ask(path, limit={limit}):
    s.settimeout(limit); begun = time.monotonic(); got = b""; parts = 0; ended = ""
    try:
        s.sendall(b"GET " + path.encode() + b" HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        while True:
            part = s.recv(1 << 20)
            if not part: ended = "end"; break
            got += part; parts += 1
            head, gap, body = got.partition(b"\\r\\n\\r\\n")
            length = [l for l in head.split(b"\\r\\n") if l.lower().startswith(b"content-length")]
            if gap and length and len(body) >= int(length[0].split(b":")[1]): ended = "whole"; break
    except OSError as error: ended = type(error).__name__
    return [ended, len(got), parts, time.monotonic() - begun]
"""


def talk(stack: Shop, then: str, service: str = "orders", limit: float = 3.0) -> Any:
    """Runs Python with an open connection `s` (as `name` says) and `ask(path)` inside web."""
    return stack.run(TALK.format(host=stack.at[service], limit=limit) + then)


ASK = "print(json.dumps([name, *ask({!r})]))"


def test_mute_answers_leave_the_request_to_be_carried_out(stack: Shop) -> None:
    hold(stack, Effect(cut=Cut.DROP, way=Way.RESPONSE))
    assert talk(stack, "print(json.dumps(name))", limit=0.6) == "TimeoutError", "not even the dial is answered"


LIVE = """
print("open" if ask("/")[0] == "whole" else "broken", flush=True)
for line in sys.stdin: print(json.dumps(ask("/", float(line))), flush=True)
"""


@pytest.mark.parametrize("way", [Way.REQUEST, Way.RESPONSE])
def test_a_live_connection_stalls_in_one_direction_and_goes_on_after_it(stack: Shop, way: Way) -> None:
    with stack.talk(TALK.format(host=stack.at["orders"], limit=3.0) + LIVE) as live:
        assert live.line() == "open"
        before = seen(stack)
        hold(stack, Effect(cut=Cut.DROP, way=way))
        live.say("0.8")
        assert live.answer()[0] == "TimeoutError"
        arrived = seen(stack) - before
        stack.control_east.want({}, {}, 5)
        live.say("4")
        assert live.answer()[0] == "whole"
    assert arrived == (way is Way.RESPONSE), "only a request that gets through is carried out"


def seen(stack: Shop) -> int:
    """Requests that the callee has handled."""
    code = 'import urllib.request as u; print(u.urlopen("http://127.0.0.1:8080/seen").read().decode())'
    return int(stack.run(code, stack.orders))


def test_answers_are_late_after_the_request_was_carried_out(stack: Shop) -> None:
    hold(stack, Effect(latency_ms=400, way=Way.RESPONSE), FAR)
    assert 0.44 <= talk(stack, ASK.format("/"), "stock")[4] < 0.9, "the distance is there as well"


@pytest.mark.parametrize("service", ["orders", "stock"])
def test_a_request_that_waits_when_a_climb_takes_its_steps_waits_on(stack: Shop, service: str) -> None:
    """Toxiproxy by itself hands on what waits in a delay that is changed."""
    edge = f"web->{service}:8080"
    hold(stack, Effect(latency_ms=1500, climbs=True), edge)
    with stack.talk(TALK.format(host=stack.at[service], limit=4.0) + LIVE) as live:
        assert live.line() == "open"
        for steps in ((1450, 1400, 1350), (1300, 1250)):
            live.say("4")
            for latency_ms in steps:
                time.sleep(0.25)
                hold(stack, Effect(latency_ms=latency_ms, climbs=True), edge)
            ended, _, _, took = live.answer()
            assert ended == "whole" and took >= steps[-1] / 1000, f"{took:.2f} s: let go before {steps[-1]} ms"


@pytest.mark.parametrize(("way", "slow"), [(Way.REQUEST, False), (Way.RESPONSE, True), (Way.BOTH, True)])
def test_a_rate_limits_the_direction_that_it_names(stack: Shop, way: Way, slow: bool) -> None:
    hold(stack, Effect(rate_kbps=100, way=way))
    assert (talk(stack, ASK.format("/bytes/50000"))[4] > 0.4) is slow


def test_answers_arrive_in_pieces(stack: Shop) -> None:
    hold(stack, Effect(slice_bytes=500, gap_us=5000))
    name, ended, length, parts, took = talk(stack, ASK.format("/bytes/10000"))
    assert (name, ended) == ("connected", "whole") and length > 10_000
    assert parts >= 15 and took >= 0.09


def test_a_connection_closes_late(stack: Shop) -> None:
    code = """
ask("/"); s.shutdown(socket.SHUT_WR); s.settimeout(5); begun = time.monotonic(); s.recv(10)
print(json.dumps(time.monotonic() - begun))
"""
    assert talk(stack, code) < 0.3
    hold(stack, Effect(ending=Ending.SLOW_CLOSE, amount=700))
    assert 0.6 < talk(stack, code) < 1.5


def test_answers_are_swallowed_and_the_connection_ends_after_its_time(stack: Shop) -> None:
    before = seen(stack)
    hold(stack, Effect(ending=Ending.TIMEOUT, amount=500))
    name, ended, length, _, took = talk(stack, ASK.format("/"))
    assert (name, ended, length) == ("connected", "end", 0)
    assert 0.4 < took < 1.2
    assert seen(stack) == before + 1


def test_answers_are_swallowed_for_as_long_as_it_holds(stack: Shop) -> None:
    hold(stack, Effect(ending=Ending.TIMEOUT, amount=0))
    assert talk(stack, ASK.format("/"), limit=0.8)[:3] == ["connected", "TimeoutError", 0]


def test_a_connection_is_reset_instead_of_an_answer(stack: Shop) -> None:
    before = seen(stack)
    hold(stack, Effect(ending=Ending.RESET_PEER))
    assert talk(stack, ASK.format("/"))[:3] == ["connected", "ConnectionResetError", 0]
    assert seen(stack) == before + 1


def test_an_answer_breaks_off_after_so_many_bytes(stack: Shop) -> None:
    hold(stack, Effect(ending=Ending.LIMIT_DATA, amount=5000))
    assert talk(stack, ASK.format("/bytes/20000"))[:3] == ["connected", "end", 5000]


def test_a_share_of_connections_breaks_off_and_the_rest_does_not(stack: Shop) -> None:
    hold(stack, Effect(ending=Ending.LIMIT_DATA, amount=100, share=0.2))
    code = """
ends = []
for _ in range(50):
    s, name, took = dial({host!r}, 8080, 3); ends.append(ask("/bytes/2000")[0]); s.close()
print(json.dumps([ends.count("end"), ends.count("whole")]))
"""
    assert talk(stack, code.format(host=stack.at["orders"])) == [10, 40]


WAITS = """
print("open" if ask("/")[0] == "whole" else "broken", flush=True)
s.settimeout(8); begun = time.monotonic()
try: end = "end" if not s.recv(10) else "data"
except OSError as error: end = type(error).__name__
again = dial({host!r}, 8080, 3.0)[1]
print(json.dumps([end, again, time.monotonic() - begun]), flush=True)
"""


def waits(stack: Shop, service: str = "orders") -> str:
    return TALK.format(host=stack.at[service], limit=3.0) + WAITS.format(host=stack.at[service])


@pytest.mark.parametrize(("cut", "new"), [(Cut.NONE, "connected"), (Cut.RESET, "ConnectionRefusedError")])
def test_an_idle_connection_is_reset_at_once_and_new_ones_are_as_asked(stack: Shop, cut: Cut, new: str) -> None:
    with stack.talk(waits(stack)) as live:
        assert live.line() == "open"
        hold(stack, Effect(kill_ms=-1, cut=cut))
        end, again, took = live.answer()
    assert (end, again) == ("ConnectionResetError", new)
    assert took < 2


def test_the_callee_sees_the_reset_as_well(stack: Shop) -> None:
    with stack.talk(waits(stack)) as live:
        assert live.line() == "open"
        assert eventually(lambda: open_at_the_callee(stack) >= 1)
        hold(stack, Effect(kill_ms=-1, cut=Cut.RESET))
        live.answer()
        eventually(lambda: open_at_the_callee(stack) == 0, 5)


def open_at_the_callee(stack: Shop) -> int:
    """Established connections of the callee's server."""
    code = """
rows = [line.split() for line in open("/proc/net/tcp").readlines()[1:]]
print(sum(row[3] == "01" and row[1].endswith(":1F90") for row in rows))
"""
    return int(stack.run(code, stack.orders))


def test_connections_are_reset_again_and_again(stack: Shop) -> None:
    hold(stack, Effect(kill_ms=500))
    for _ in range(2):
        with stack.talk(waits(stack)) as live:
            assert live.line() == "open"
            assert live.answer()[0] == "ConnectionResetError"


def test_only_the_edge_that_is_named_is_reset(stack: Shop) -> None:
    with stack.talk(waits(stack, "stock")) as live:
        assert live.line() == "open"
        hold(stack, Effect(kill_ms=-1))
        live.stays_silent(0.8)


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (Effect(ending=Ending.TIMEOUT), Effect(ending=Ending.SLOW_CLOSE, amount=9), "both end connections"),
        (Effect(ending=Ending.LIMIT_DATA, amount=9), Effect(rate_kbps=9), "both act on answers"),
        (Effect(kill_ms=-1), Effect(cut=Cut.DROP), "while packets vanish"),
    ],
)
def test_what_no_proxy_can_do_at_once_is_refused(stack: Shop, one: Effect, other: Effect, words: str) -> None:
    with pytest.raises(ClusterError, match=words):
        stack.control_east.want({"a": (9.0, {NEAR: one}), "b": (9.0, {NEAR: other})}, {}, 5)
