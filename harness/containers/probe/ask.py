"""One question over the network, with a deadline over the whole of it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import threading
import time
from typing import Any

MOST_BYTES = 256 * 1024
"""Of an answer's body; the rest is not read."""

Answer = dict[str, Any]


def ask(question: dict[str, Any]) -> Answer:
    """`ok` with what was answered, or `why` not. A question that cannot be understood is `ok: false` as well."""
    begun = time.monotonic()
    try:
        deadline = begun + float(question["timeout_s"])
        at = str(question["at"][0]), int(question["at"][1])
        told = {"tcp": _tcp, "http": _http}[str(question["op"])](question, at, deadline)
    except (OSError, http.client.HTTPException) as error:
        return {"ok": False, "why": _why(error)}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        return {"ok": False, "unasked": True, "why": f"not a question: {type(error).__name__}: {error}"}
    return {"ok": True, "took_s": round(time.monotonic() - begun, 6), **told}


def _tcp(_question: dict[str, Any], at: tuple[str, int], deadline: float) -> Answer:
    with socket.create_connection(at, _left(deadline)):
        return {}


def _http(question: dict[str, Any], at: tuple[str, int], deadline: float) -> Answer:
    connection = http.client.HTTPConnection(*at, timeout=_left(deadline))
    connection.connect()
    # A server that drips bytes would renew a timeout for ever: the whole conversation ends at the deadline.
    late = threading.Event()
    alarm = threading.Timer(_left(deadline), _hang_up, (connection.sock, late))
    alarm.daemon = True
    alarm.start()
    try:
        status, body = _conversation(connection, question)
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        alarm.cancel()
        connection.close()
    _left(deadline)
    return {"status": status, "body": base64.b64encode(body).decode()}


def _conversation(connection: http.client.HTTPConnection, question: dict[str, Any]) -> tuple[int, bytes]:
    connection.putrequest("GET", str(question["path"]), skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", str(question["host"]))
    connection.putheader("Connection", "close")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read(MOST_BYTES)


def _hang_up(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError):
        return "reset"
    if isinstance(error, OSError):
        return str(error.strerror or type(error).__name__)
    return f"not HTTP: {type(error).__name__}"
