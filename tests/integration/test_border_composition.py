"""Two overlapping faults come, change and go at random under traffic: in the end nothing of them is left."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, Talk, eventually, shop

from harness.cluster.control import Border
from harness.model.effect import Cut, Effect, Way
from harness.model.errors import ClusterError
from harness.model.shape import Ending

SEED, PAUSE_S = 20211207, 0.02
EDGES = ("web->orders:8080", "web->stock:8080")


@pytest.fixture(scope="module")
def stack() -> Iterator[Shop]:
    with shop(standing_ms=20) as made:
        made.start()
        yield made


TRAFFIC = """
import http.client, random, threading
stop = threading.Event(); counts = [0, 0]
def work(host, number):
    draw = random.Random(number)
    while not stop.is_set():
        c = http.client.HTTPConnection(host, 8080, timeout=draw.choice([0.1, 0.3, 1.0]))
        try:
            for _ in range(draw.randrange(1, 6)):
                c.request("GET", "/bytes/" + str(draw.choice([10, 2000, 40000])))
                counts[0] += c.getresponse().read() != b""
        except (OSError, http.client.HTTPException): counts[1] += 1
        c.close()
threads = [threading.Thread(target=work, args=(host, n), daemon=True) for host in {hosts} for n in range(4)]
for t in threads: t.start()
print("on", flush=True); sys.stdin.readline(); stop.set()
for t in threads: t.join(5)
print(json.dumps(counts), flush=True)
"""


def any_effect(draw: random.Random) -> Effect:
    """One fault of those that act on edges, whole or a share."""
    share = draw.choice([1.0, 1.0, 0.3])
    ending = draw.choice([ending for ending in Ending if ending])
    return draw.choice(
        [
            Effect(latency_ms=draw.randrange(5, 80), jitter_ms=draw.choice([0, 5]), share=share),
            Effect(latency_ms=draw.randrange(5, 80)),
            Effect(latency_ms=draw.randrange(5, 80), climbs=True, share=share),
            Effect(rate_kbps=draw.randrange(50, 5000), way=draw.choice(list(Way))),
            Effect(slice_bytes=draw.randrange(100, 2000), slice_vary=20, gap_us=200),
            Effect(ending=ending, amount=draw.randrange(50, 3000), share=share),
            Effect(cut=draw.choice([Cut.DROP, Cut.RESET]), share=share),
            Effect(cut=Cut.DROP, way=draw.choice([Way.REQUEST, Way.RESPONSE])),
            Effect(kill_ms=-1, cut=draw.choice([Cut.NONE, Cut.RESET])),
        ]
    )


def ramped(effect: Effect, draw: random.Random) -> Effect:
    """The next step of a ramp: the same fault, otherwise strong."""
    if effect.ending or effect.cut is not Cut.NONE or effect.kill_ms or effect.slice_bytes:
        return any_effect(draw)
    grown = {"latency_ms": draw.randrange(5, 80)} if effect.latency_ms else {"rate_kbps": draw.randrange(50, 5000)}
    wire = {key: value for key, value in effect.to_wire().items() if key != "jitter_ms"}
    return Effect.from_wire(wire | grown)


def world_of(stack: Shop) -> dict[str, Any]:
    """Toxics of web's proxies, and elements of all sets and maps that hold faults."""
    code = "import requests; print(requests.get('http://127.0.0.1:18000/proxies', timeout=3).text)"
    proxies = json.loads(inside(stack, ["python3", "-c", code]))
    found: dict[str, Any] = {
        name: {toxic["name"]: toxic["attributes"] for toxic in proxy["toxics"]} for name, proxy in proxies.items()
    }
    for name in ("hung", "refused", "deaf", "mute", "share_of", "slow_of"):
        kind = "map" if name.endswith("_of") else "set"
        found[name] = "elements" in inside(stack, ["nft", "list", kind, "ip", "regionfall", name])
    return {name: value for name, value in found.items() if value}


def inside(stack: Shop, words: list[str]) -> str:
    done = stack.east.exec_run(words)
    assert done.exit_code == 0, done.output.decode()
    return str(done.output.decode())


class Owners:
    """Two controllers, each with one fault on both edges or none."""

    def __init__(self, stack: Shop, inside_of: ExitStack) -> None:
        self.borders: list[Border] = [stack.control(stack.east, name) for name in ("one", "two")]
        for border in self.borders:
            inside_of.callback(border.close)
        self.effects: list[Effect | None] = [None, None]
        self.done: Counter[str] = Counter()

    def step(self, draw: random.Random) -> None:
        """Adds, ramps or removes the fault of one of them, and checks that it is so."""
        who = draw.randrange(2)
        now = self.effects[who]
        word = "add" if now is None else draw.choice(["ramp", "ramp", "remove"])
        effect = any_effect(draw) if now is None else None if word == "remove" else ramped(now, draw)
        try:
            answer = self.borders[who].want({"it": (60.0, dict.fromkeys(EDGES, effect))} if effect else {}, {}, 60)
        except ClusterError as error:
            assert "cannot" in str(error) or "both" in str(error) or "shares" in str(error), error
            self.done["refused"] += 1
            return
        self.effects[who] = effect
        self.done[word] += 1
        assert answer["missing"] == {}
        assert set(answer["holds"]) == ({"it"} if effect else set())

    def lift(self) -> None:
        """Nothing is wanted any more."""
        for border in self.borders:
            border.want({}, {}, 60)


@pytest.mark.parametrize("steps", [120, pytest.param(300, marks=pytest.mark.drill)])
def test_many_steps_of_two_overlapping_faults_leave_nothing_behind(stack: Shop, steps: int) -> None:
    clean, before = world_of(stack), len(stack.control_east.status()["disturbances"])
    hosts = [stack.at["orders"], stack.at["stock"]]
    traffic = Talk(stack.web, TRAFFIC.format(hosts=hosts))
    assert traffic.line() == "on"
    draw, begun = random.Random(SEED), time.monotonic()
    with ExitStack() as inside_of:
        owners = Owners(stack, inside_of)
        for _ in range(steps):
            owners.step(draw)
            time.sleep(PAUSE_S)
        owners.lift()
        took = time.monotonic() - begun
        good = eventually(lambda: all(stack.get(name, limit=2)[0] == "200" for name in ("orders", "stock")), 15)
    traffic.say("stop")
    counts = traffic.answer()
    disturbed = [event["what"] for event in stack.control_east.status()["disturbances"][before:]]
    print(f"\n{steps} steps in {took:.1f} s, {dict(owners.done)}; traffic {counts}; disturbances {Counter(disturbed)}")
    assert good and world_of(stack) == clean
    assert counts[0] > 100 and counts[1] > 10, "traffic went through, and was disturbed"
    assert not [what for what in disturbed if "ended" in what], "no proxy may crash"
    assert all(stack.dial(name)[0] == "connected" for name in ("orders", "stock", "mail"))
