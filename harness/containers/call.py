"""One HTTP call from inside a container of ours: a step of somebody's timeline.

Standard input:   {"method": "POST", "host": "web", "port": 8080, "path": "/admin", "body": "…", "deadline_s": 10}
Standard output:  {"status": 200, "body": "…"} or {"error": "…"}, one line, then it ends. Run as
`python3 -m harness.containers.call`; the deadline holds for the whole call, whatever the other side does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.client import HTTPConnection, HTTPException
from typing import Any

LONGEST_BODY = 16_384
"""Bytes of the answer that are handed on."""


def call(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one call; never raises for what the other side does."""
    connection = HTTPConnection(str(order["host"]), int(order["port"]), timeout=float(order["deadline_s"]))
    headers = {"User-Agent": "regionfall", "Connection": "close", "Host": f"{order.get('name')}:{order['port']}"}
    body = str(order.get("body") or "")
    if body:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(str(order["method"]), str(order["path"]), body.encode() or None, headers)
        response = connection.getresponse()
        return {"status": response.status, "body": response.read(LONGEST_BODY).decode(errors="replace")}
    except (OSError, HTTPException) as error:
        return {"error": str(error) or type(error).__name__, "timeout": isinstance(error, TimeoutError)}
    finally:
        connection.close()


def main() -> int:
    """One order in, one answer out."""
    order = json.loads(sys.stdin.readline())
    watchdog = threading.Timer(float(order["deadline_s"]), _too_late)
    watchdog.daemon = True
    watchdog.start()
    _say(call(order))
    return 0


def _too_late() -> None:
    """A server that drips bytes never trips a socket's own timeout."""
    _say({"error": "no complete answer in time", "timeout": True})
    os._exit(0)


_spoken = threading.Lock()


def _say(answer: dict[str, Any]) -> None:
    if _spoken.acquire(blocking=False):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
