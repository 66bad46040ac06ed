"""A callee that takes no more connections stalls whoever dials it; the edge must work again soon after it does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from border_bench import Shop, eventually, shop

RATE, FROZEN_S, BACK_S = 200, 6.0, 5.0

LOAD = """
import asyncio
async def one(host):
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host, 8080)
            writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"); await reader.read()
            writer.close()
            return True
    except (OSError, TimeoutError): return False
async def main(host, rate, seconds):
    tasks, begun = [], time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0, begun + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(one(host)))
        if number == rate: print("flowing", flush=True)
    print(json.dumps(sum(await asyncio.gather(*tasks))), flush=True)
"""


@pytest.fixture(scope="module")
def world() -> Iterator[Shop]:
    with shop() as made:
        made.start()
        yield made


def freeze(world: Shop, signal: str) -> None:
    done = world.orders.exec_run(["sh", "-c", f"kill -{signal} $(cat /tmp/pid)"])
    assert done.exit_code == 0, done.output


def test_an_edge_works_within_five_seconds_after_its_frozen_callee_with_a_full_backlog_goes_on(world: Shop) -> None:
    code = f"{LOAD}\nasyncio.run(main({world.at['orders']!r}, {RATE}, {FROZEN_S + 8}))"
    with world.talk(code) as load:
        assert load.line() == "flowing"
        world.events.clear()
        freeze(world, "STOP")
        time.sleep(FROZEN_S)
        assert world.get("orders", limit=0.5)[0] != "200"
        assert world.get("stock", limit=2.0)[0] == "200", "the callers' other edges go on"
        freeze(world, "CONT")
        thawed = time.monotonic()
        eventually(lambda: all(world.get("orders", limit=0.5)[0] == "200" for _ in range(3)), BACK_S)
        print(f"back after {time.monotonic() - thawed:.1f} s")
        assert load.answer() > RATE
    told = [event for _, event in world.events if event["event"] == "disturbance"]
    assert any(event["edge"] == "web->orders:8080" and "orders" in event["what"] for event in told), told
