"""toxiproxy-python as its README shows it: a loop over all proxies, one call each. Runs inside a border.

Spoken with line by line: `disable`, `enable`, `slow MS`, `fast`; answers JSON {"begun_ns", "ended_ns", "calls",
"failed"}. The library is the published one, nothing of it replaced.
"""

from __future__ import annotations

import json
import sys
import time

import requests
import toxiproxy
from toxiproxy.api import APIConsumer

ORDERS = {
    "disable": lambda proxy, _: proxy.disable(),
    "enable": lambda proxy, _: proxy.enable(),
    "slow": lambda proxy, ms: proxy.add_toxic(type="latency", stream="upstream", attributes={"latency": int(ms)}),
    "fast": lambda proxy, _: proxy.destroy_toxic("latency_upstream"),
}


def main(first_port: int, servers: int) -> None:
    """Answers orders until its input ends."""
    found = []
    for port in range(first_port, first_port + servers):
        APIConsumer.host, APIConsumer.port = "127.0.0.1", port
        found += [(port, proxy) for proxy in toxiproxy.Toxiproxy().proxies().values()]
    print(json.dumps({"proxies": len(found)}), flush=True)
    for line in sys.stdin:
        order, _, value = line.strip().partition(" ")
        failed, begun = 0, time.monotonic_ns()
        for port, proxy in found:
            APIConsumer.port = port
            try:
                ORDERS[order](proxy, value)
            except (requests.RequestException, toxiproxy.exceptions.NotFound, toxiproxy.exceptions.ProxyExists):
                failed += 1
        told = {"begun_ns": begun, "ended_ns": time.monotonic_ns(), "calls": len(found), "failed": failed}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
