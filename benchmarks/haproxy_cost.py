"""The cost of HAProxy on an edge: the same callee over a plain edge and over an `http` edge, turn by turn in one run.

    python benchmarks/haproxy_cost.py [--rounds 30] [--json]

Prints seconds per request (p50, p99) on a kept connection and on new ones, with and without HAProxy, their ratios, and
HAProxy's memory. Ratios are of the same run: on a busy machine both arms are slow, and their quotient still tells.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from border_bench import Shop, eventually, shop

PER_ROUND = 60
ARMS = {"plain": "orders", "http": "desk"}

CALLER = """
import http.client
def kept(host, n):
    c = http.client.HTTPConnection(host, 8080, timeout=5); c.request("GET", "/"); c.getresponse().read(); times = []
    for _ in range(n):
        begun = time.perf_counter(); c.request("GET", "/"); c.getresponse().read()
        times.append(time.perf_counter() - begun)
    c.close(); return times
def new(host, n):
    times = []
    for _ in range(n):
        begun = time.perf_counter(); c = http.client.HTTPConnection(host, 8080, timeout=5); c.request("GET", "/")
        c.getresponse().read(); c.close(); times.append(time.perf_counter() - begun)
    return times
seen = {"kept": {}, "new": {}}
for turn in range(%(rounds)d):
    for arm, host in (%(hosts)s if turn %% 2 else %(hosts)s[::-1]):
        for way, ask in (("kept", kept), ("new", new)):
            seen[way].setdefault(arm, []).extend(ask(host, %(each)d))
print(json.dumps(seen))
"""


def quantile(times: list[float], share: float) -> float:
    """Nearest rank."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def measured(world: Shop, rounds: int) -> dict[str, Any]:
    """Both arms in turns; seconds."""
    hosts = [(arm, world.at[service]) for arm, service in ARMS.items()]
    seen = world.run(CALLER % {"rounds": rounds, "hosts": hosts, "each": PER_ROUND})
    answer: dict[str, Any] = {"requests_per_arm": rounds * PER_ROUND}
    for way, arms in seen.items():
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            found = {arm: quantile(times, share) for arm, times in arms.items()}
            answer[f"{way}_{name}"] = found | {"ratio": found["http"] / found["plain"]}
    memory = world.east.exec_run(["sh", "-c", "grep VmRSS /proc/$(pgrep -f '[h]aproxy -db')/status"]).output.decode()
    return answer | {"haproxy_rss_kb": int(memory.split()[1])}


def main() -> int:
    """Measures and prints; 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with shop(http=True) as world:
        world.start()
        eventually(lambda: world.dial("desk")[0] == "connected")
        answer = measured(world, options.rounds)
    if options.json:
        print(json.dumps(answer))
        return 0
    print(f"{answer['requests_per_arm']} requests an arm and way, in turns; milliseconds")
    for name in ("kept_p50", "kept_p99", "new_p50", "new_p99"):
        row = answer[name]
        print(f"  {name:9} plain {row['plain'] * 1e3:7.2f}  http {row['http'] * 1e3:7.2f}  ratio {row['ratio']:.2f}")
    print(f"  memory of HAProxy {answer['haproxy_rss_kb'] / 1024:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
