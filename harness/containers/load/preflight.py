"""Before any load: does every entry answer at all? Five seconds of load against nothing measure nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import gevent
from gevent.pool import Pool

from harness.containers.load.wire import Target

_PATIENCE_S = 10.0
_ONE_TRY_S = 5.0


def unanswered(targets: Sequence[Target], patience_s: float = _PATIENCE_S) -> list[str]:
    """One message per entry that gave no HTTP answer within `patience_s`, naming the flow; any status is an answer.

    A flow that is a GET is asked as it will be asked; of any other only the head is asked, which changes nothing.
    """
    first_of_entry = {target.url.split("/", 3)[2]: target for target in reversed(targets)}
    found = Pool().map(lambda target: _ask(target, patience_s), list(first_of_entry.values()))
    return [message for message in found if message]


def _ask(target: Target, patience_s: float) -> str:
    end = time.monotonic() + patience_s
    while True:
        try:
            _once(target)
            return ""
        except (OSError, HTTPException) as error:
            if time.monotonic() >= end:
                why = str(error) or type(error).__name__
                return (
                    f"flow {target.name!r}: {target.url} gave no HTTP answer within {patience_s:g} s ({why}); "
                    "check that the service listens there and that its entry label names this port"
                )
        gevent.sleep(0.25)


def _once(target: Target) -> None:
    url = urlsplit(target.url)
    connection = HTTPConnection(url.hostname or "", url.port or 80, timeout=max(_ONE_TRY_S, target.deadline_us / 1e6))
    try:
        path = url.path + (f"?{url.query}" if url.query else "")
        connection.request("GET" if target.method == "GET" else "HEAD", path or "/")
        connection.getresponse().read()
    finally:
        connection.close()
