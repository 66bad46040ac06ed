#!/usr/bin/env python3
"""A region of 500 edges goes and comes back: when do its callers see it, and how far apart are the first and the last?

    python benchmarks/region.py                 500 edges, 5 repeats; writes docs/evidence/region.json and region.md
    python benchmarks/region.py --small         40 edges, 1 repeat, writes nothing (a check of the bench itself)

Four arms take turns in one world under traffic: regionfall's blackout and slow, and toxiproxy-python's own loop over
the very same proxies (disable/enable, a latency toxic added and removed). A fifth lets callers give up during the
latency, which is what wedges a Toxiproxy. Ends with 1 when an edge did not turn or come back, or a proxy
was replaced.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observed import Good, answered_within, back, gone, summary
from region_report import table
from region_world import HERE, PERIOD_S, Lines, Region

from harness.faults.contract import Reach
from harness.model.fault import Fault, Injection
from harness.model.load import Load
from harness.model.plan import Phase, Plan
from harness.runner.heartbeat import Heartbeat
from harness.runner.injector import Injector
from harness.spec.targets import select

HOLD_S, REST_S = 2.0, 1.5
LATENCY_S = 0.3
ARMS = ("blackout", "plain disable", "slow", "plain toxic", "slow, callers give up")


class Quiet:
    """A journal for which nobody asks."""

    def write(self, event: str, **fields: object) -> None:
        """Forget it."""


def ours(region: Region, fault: Fault, reach: Reach) -> tuple[Callable[[], None], Callable[[], None]]:
    """Break and heal by the runner's own injector, heartbeats beating."""
    edges = tuple(edge.id for edge in select(region.stack, "east", reach).edges)
    assert len(edges) == len(region.stack.edges)
    injection = Injection("it", fault, "east", "during", 0.0, 60.0, edges)
    plan = Plan("", "", "", "", 1, region.stack, Load((), ()), 0.0, (Phase("during", 0.0, 60.0),), (injection,))
    injector = Injector(plan, region.borders, Quiet(), lambda _: None, lambda: time.monotonic_ns() // 1000)

    def hold() -> None:
        injector.apply(0.0)
        assert injector.holding == ("it",), "the fault was not read back on every edge"

    def heal() -> None:
        injector.apply(60.0)
        injector.close()

    return hold, heal


def plain(loops: list[Lines], hold: str, heal: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """Break and heal by toxiproxy-python's loop, in all borders at once."""

    def say(order: str) -> Callable[[], None]:
        def act() -> None:
            for loop in loops:
                loop.say(order)
            failed = sum(loop.answer()["failed"] for loop in loops)
            if failed:
                print(f"toxiproxy-python: {failed} calls of `{order}` failed", flush=True)

        return act

    return say(hold), say(heal)


def turn(region: Region, good: Good, acts: tuple[Callable[[], None], Callable[[], None]]) -> dict[str, Any]:
    """One break and its heal, as callers saw them."""
    region.all_answer()
    hold, heal = acts
    broke = time.monotonic_ns()
    hold()
    held = time.monotonic_ns()
    time.sleep(max(HOLD_S, 2 * region.period_s))
    lifted = time.monotonic_ns()
    heal()
    healed = time.monotonic_ns()
    time.sleep(REST_S + region.period_s)
    end = time.monotonic_ns() - int((PERIOD_S + LATENCY_S) * 1e9)
    pings = region.pings()
    return {
        "gone": gone(pings, good, broke, lifted),
        "back": back(pings, good, lifted, end),
        "call_ms": round((held - broke) / 1e6, 1),
        "lift_ms": round((healed - lifted) / 1e6, 1),
        "asked_per_s": round(sum(broke <= ping[1] < lifted for ping in pings) / ((lifted - broke) / 1e9)),
    }


def one(region: Region, arm: str) -> dict[str, Any]:
    """One repeat of one arm, with the proxies that were replaced in it."""
    before = len(region.replaced())
    late = "slow" in arm or "toxic" in arm
    if "give up" in arm:  # a dial for every question: as many as callers of a region do in an outage
        region.behave(10 * PERIOD_S, LATENCY_S / 2)
    else:
        region.behave(PERIOD_S, 4 * LATENCY_S if late else 0.9 * PERIOD_S)
    if arm.startswith("plain"):
        with region.plain() as loops:
            words = ("disable", "enable") if "disable" in arm else (f"slow {LATENCY_S * 1000:.0f}", "fast")
            good = answered_within(60 if "disable" in arm else LATENCY_S / 2)
            return turn(region, good, plain(loops, *words)) | {"disturbances": [], "lost": []}
    fault = Fault("slow", latency_s=LATENCY_S) if "slow" in arm else Fault("blackout")
    good = answered_within(LATENCY_S / 2 if "slow" in arm else 60)
    lost: list[str] = []
    beats = [
        Heartbeat(
            name,
            border,
            on_lost=lambda what, why: lost.append(f"{what}: {why}"),
            on_rows=lambda *_: None,
            on_dead=lambda what, why: lost.append(f"{what}: {why}"),
        )
        for name, border in region.borders.items()
    ]
    for beat in beats:
        beat.start()
    try:
        found = turn(region, good, ours(region, fault, Reach.AROUND))
    finally:
        for beat in beats:
            beat.stop()
    return found | {"disturbances": region.replaced()[before:], "lost": lost}


def measure(wish: argparse.Namespace) -> dict[str, Any]:
    """All arms, taking turns."""
    turns: dict[str, list[dict[str, Any]]] = {arm: [] for arm in ARMS}
    with ExitStack() as stack:
        region = Region(stack, callers=wish.callers, far=wish.far, callees=wish.callees)
        for repeat in range(wish.repeats):
            for arm in ARMS:
                found = one(region, arm)
                turns[arm].append(found)
                print(
                    f"{repeat + 1} {arm:22} gone {found['gone']} back {found['back']} {found['disturbances']}",
                    flush=True,
                )
        edges = len(region.stack.edges)
    return {"edges": edges, "repeats": wish.repeats, "arms": {arm: _arm(found) for arm, found in turns.items()}}


def _arm(found: list[dict[str, Any]]) -> dict[str, Any]:
    figures: dict[str, Any] = {side: summary([item[side] for item in found]) for side in ("gone", "back")}
    for name in ("call_ms", "lift_ms", "asked_per_s"):
        values = sorted(item[name] for item in found)
        figures[name] = values[len(values) // 2]
    told = [text for item in found for text in item["disturbances"]]
    figures["replaced"] = [text for text in told if text.startswith("proxy replaced")]
    figures["packets_not_seen"] = sum(int(text.split()[2]) for text in told if text.startswith("observation lost"))
    return figures | {"lost": [text for item in found for text in item["lost"]]}


def problems(result: dict[str, Any]) -> list[str]:
    """What must not be: edges that did not turn, proxies of ours that were replaced."""
    found = []
    for arm, figures in result["arms"].items():
        for side in ("gone", "back"):
            if figures[side]["edges"] != result["edges"]:
                found.append(f"{arm}: only {figures[side]['edges']} of {result['edges']} edges were seen {side}")
        found += [f"{arm}: {text}" for text in (*figures["replaced"], *figures["lost"])]
    return found


def about() -> dict[str, str]:
    """What it ran on, and when."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    changed = git("status", "--porcelain", "--", "../harness", "../benchmarks", "../tests")
    return {
        "commit": git("log", "-1", "--format=%h") + ("+" if changed else ""),
        "command": "python " + " ".join(["benchmarks/region.py", *sys.argv[1:]]),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}Z",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}",
        "load_average": f"{os.getloadavg()[0]:.1f}",
    }


def main() -> int:
    """Measure, write, say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="40 edges, one repeat, nothing is written")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--evidence", default=str(HERE.parent / "docs" / "evidence"))
    wish = parser.parse_args()
    wish.callers, wish.far, wish.callees = (3, 1, 10) if wish.small else (20, 5, 20)
    wish.repeats = 1 if wish.small else wish.repeats
    begun = about()
    result = begun | measure(wish)
    wrong = problems(result)
    print(json.dumps(result, indent=1) if wish.small else table(result))
    if not wish.small:
        folder = Path(wish.evidence)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "region.json").write_text(json.dumps(result | {"problems": wrong}, indent=1) + "\n", encoding="utf-8")
        (folder / "region.md").write_text(table(result | {"problems": wrong}), encoding="utf-8")
    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
